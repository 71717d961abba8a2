/** Texts to the bytes of a character encoding. */

import type { TextLayout } from './text-layout.ts'
import { RowFault } from './text-rows.ts'

/** What the file begins with. */
export const byteOrderMarks: Partial<Record<TextLayout['encoding'], string>> = {
  'utf-8-bom': '\ufeff',
  'utf-16le': '\ufeff',
}

// The characters that windows-1252 has in place of 0x80 to 0x9f, as the platform's own decoder reads them.
const windowsCodes = new Map(
  Array.from({ length: 32 }, (_, at) => 0x80 + at).map((code) => [
    new TextDecoder('windows-1252').decode(Uint8Array.of(code)),
    code,
  ]),
)

/** Encodes whole texts. A character that the encoding lacks is a RowFault or `?`, as the layout says. */
export function createEncoder({
  encoding,
  unmappable,
}: Pick<TextLayout, 'encoding' | 'unmappable'>): (text: string) => Buffer {
  if (encoding === 'utf-16le') return (text) => Buffer.from(text, 'utf16le')
  if (encoding === 'utf-8' || encoding === 'utf-8-bom') return (text) => Buffer.from(text)
  const replace = (character: string) => {
    if (unmappable === 'replace') return '?'
    const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
    throw new RowFault(`the character U+${code} is not in ${encoding}`)
  }
  if (encoding === 'iso-8859-1') {
    return (text) => Buffer.from(text.replace(/[^\0-\xff]/gu, replace), 'latin1')
  }
  const toWindows = (character: string) => {
    const code = windowsCodes.get(character)
    return code === undefined ? replace(character) : String.fromCharCode(code)
  }
  return (text) => Buffer.from(text.replace(/[^\0-\x7f\xa0-\xff]/gu, toWindows), 'latin1')
}
