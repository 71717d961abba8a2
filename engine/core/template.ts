/** Texts with tokens in braces, `{client}_{slot:HHmm}.csv`: read into parts, nothing else. */

export type TemplatePart =
  | { kind: 'text'; text: string }
  | { kind: 'token'; name: string; format: string | null; offset: number; length: number }
  /** A brace without its partner. */
  | { kind: 'brace'; offset: number; length: number }

/** Splits a template into its parts, in order. Offsets and lengths count UTF-16 units of the template. */
export function readTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = []
  for (let at = 0; at < template.length; ) {
    const brace = nextBrace(template, at)
    if (brace > at) {
      parts.push({ kind: 'text', text: template.slice(at, brace) })
      at = brace
      continue
    }
    const end = template[at] === '{' ? nextBrace(template, at + 1) : at
    const isToken = end > at && template[end] === '}'
    parts.push(isToken ? readToken(template, at, end) : { kind: 'brace', offset: at, length: 1 })
    at = isToken ? end + 1 : at + 1
  }
  return parts
}

/** The offset of the first brace from `start` on; the template's length where there is none. */
function nextBrace(template: string, start: number): number {
  let at = start
  while (at < template.length && template[at] !== '{' && template[at] !== '}') at++
  return at
}

/** The token from its brace to its other brace. */
function readToken(template: string, start: number, end: number): TemplatePart {
  const colon = template.indexOf(':', start)
  const isFormatted = colon >= 0 && colon < end
  return {
    kind: 'token',
    name: template.slice(start + 1, isFormatted ? colon : end),
    format: isFormatted ? template.slice(colon + 1, end) : null,
    offset: start,
    length: end + 1 - start,
  }
}
