/** What a look at any dataset says, whatever it is kept in. */
import type { Finding } from '../core/contracts/checkup.ts'
import { spellCount } from '../core/spell-count.ts'

/** The columns that tell how new a table's rows are: each has at most one of them. */
export const moments = ['start_at', 'login_at', 'created_at', 'billed_at']

/** What is missing is a problem only where a report uses it. */
export function describeLack(isUsed: boolean, text: string): Finding {
  return isUsed
    ? { level: 'problem', text: `${text}, but a report of a job uses it` }
    : { level: 'warning', text: `${text}; no report of a job uses it` }
}

export function describeAge(moment: string | undefined, newest: string | null): string {
  return newest === null ? '' : `, the newest ${moment} is ${newest}`
}

/** Only numbers: whose rows they are is nobody's business who may run this for another client. */
export function judgeTenants(seen: ReadonlyMap<string, number>, tenants: string[]): Finding[] {
  const strange = [...seen].filter(([client]) => !tenants.includes(client))
  const rows = strange.reduce((total, [, count]) => total + count, 0)
  const without = tenants.filter((tenant) => !seen.has(tenant)).sort()
  return [
    ...(strange.length > 0
      ? [
          {
            level: 'warning' as const,
            text: `${spellCount(rows, 'row')} of ${spellCount(strange.length, 'client')} that no policy names`,
          },
        ]
      : []),
    ...without.map((tenant) => ({
      level: 'warning' as const,
      text: `no table has a row of client ${tenant}`,
    })),
  ]
}

/** Whether a query names a table or column, or seems to. */
export function names(sql: string, word: string): boolean {
  return new RegExp(`\\b${word}\\b`, 'i').test(sql)
}
