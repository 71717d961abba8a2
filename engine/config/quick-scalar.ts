/** Keys and plain values of the quick parser. */

/** The quick parser's answer where the whole one has to look. */
export const UNSURE = Symbol('unsure')

/** A value and where it ends. */
export type Read = { value: unknown; end: number } | typeof UNSURE

const colon = 58
const newline = 10
const space = 32
const hash = 35

const maxKeyLength = 64
const notText = /^(?:true|false|null|__proto__|prototype|constructor)$/i

/** Whether a plain key is no text, or not for a manifest. */
export function isRefusedKey(key: string): boolean {
  return notText.test(key)
}

/** The offset of the colon behind the plain key that begins here; -1 where no simple key does. */
export function keyEnd(text: string, start: number): number {
  let at = start
  if (!isLetter(text.charCodeAt(at))) return -1
  do at++
  while (isKeyCode(text.charCodeAt(at)))
  if (text.charCodeAt(at) !== colon || at - start > maxKeyLength) return -1
  const next = text.charCodeAt(at + 1)
  return next === space || next === newline ? at : -1
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
}

function isKeyCode(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57) || code === 45 || code === 95
}

/** The start of the next line where only blanks or a comment follow; -1 where something else does. */
export function endOfScalar(text: string, start: number): number {
  let at = start
  while (text.charCodeAt(at) === space) at++
  if (at >= text.length) return at
  const code = text.charCodeAt(at)
  if (code === newline) return at + 1
  // A comment needs a blank before it.
  if (code !== hash || (at === start && text.charCodeAt(at - 1) !== space)) return -1
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end + 1
}

/** Reads a plain value up to the line's end or a comment. */
export function readPlain(text: string, start: number): Read {
  if (!beginsPlain(text.charCodeAt(start))) return UNSURE
  let at = start
  let end = start
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === newline) break
    if (code === space) continue
    if (code === hash && text.charCodeAt(at - 1) === space) break
    if (code === colon) {
      const next = text.charCodeAt(at + 1)
      if (next === space || next === newline || Number.isNaN(next)) return UNSURE
    }
    end = at + 1
  }
  const value = resolvePlain(text.slice(start, end))
  return value === UNSURE ? UNSURE : { value, end }
}

/** Letters, digits, and of the signs only those that mean nothing to YAML; what is beyond ASCII. */
export function beginsPlain(code: number): boolean {
  if (isLetter(code) || (code >= 48 && code <= 57) || code > 160) return true
  // $ ( / _ and the minus of a number
  return code === 36 || code === 40 || code === 47 || code === 95 || code === 45
}

const booleans = new Map([
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  ['FALSE', false],
])
const wholeNumber = /^(?:0|-?[1-9][0-9]{0,14})$/
// More than YAML's numbers, so that none is taken for a text.
const maybeNumber = /^[0-9]+(?:\.[0-9]*)?(?:e[-+]?[0-9]*)?$|^0[box]/i

/** A plain text, whole number or boolean; unsure of all that might be another number, or nothing. */
export function resolvePlain(source: string): string | number | boolean | typeof UNSURE {
  const first = source.charCodeAt(0)
  if (first === 45 || (first >= 48 && first <= 57)) {
    if (wholeNumber.test(source)) return Number(source)
    return first === 45 || maybeNumber.test(source) ? UNSURE : source
  }
  const { length } = source
  if (length > 5) return source
  if (length === 4 && /^null$/i.test(source)) return UNSURE
  return booleans.get(source) ?? source
}
