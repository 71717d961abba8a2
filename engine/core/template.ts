/** Texts with tokens in braces, `{client}_{slot:HHmm}.csv`: read into parts, nothing else. */

export type TemplatePart =
  | { kind: 'text'; text: string }
  | { kind: 'token'; name: string; format: string | null; offset: number; length: number }
  /** A brace without its partner. */
  | { kind: 'brace'; offset: number; length: number }

/** Splits a template into its parts, in order. Offsets and lengths count UTF-16 units of the template. */
export function readTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = []
  for (const match of template.matchAll(/\{([^{}]*)\}|[{}]|[^{}]+/g)) {
    const [text, inner] = match
    const place = { offset: match.index, length: text.length }
    if (inner !== undefined) parts.push({ kind: 'token', ...splitToken(inner), ...place })
    else if (text === '{' || text === '}') parts.push({ kind: 'brace', ...place })
    else parts.push({ kind: 'text', text })
  }
  return parts
}

function splitToken(inner: string): { name: string; format: string | null } {
  const colon = inner.indexOf(':')
  return colon === -1
    ? { name: inner, format: null }
    : { name: inner.slice(0, colon), format: inner.slice(colon + 1) }
}
