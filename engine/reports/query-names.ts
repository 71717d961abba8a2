/** The named parameters that a query uses, found in its text. */

// Texts, quoted names, comments and dollar-quoted texts: what stands in them is no parameter.
const opaque = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$/g

/** What every query may use, as a run gives it. */
export const builtInParameters: readonly string[] = [
  'period_start',
  'period_end',
  'campaign_id',
  'client',
  'slot',
  'timezone',
  'day_cut_off',
]

/** The names in the order of their first use, as they are written. */
export function usedParameters(sql: string): string[] {
  const bare = sql.replace(opaque, ' ')
  return [...new Set(Array.from(bare.matchAll(/\$([A-Za-z_]\w*)/g), ([, name = '']) => name))]
}
