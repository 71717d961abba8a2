const maxBytes = 200
const encoder = new TextEncoder()

/** Replaces what no file system, mail or shell takes well; the text may still be empty or begin with a dot. */
export function replaceUnsafe(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[/\\:*?"<>|]/g, '-')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
}

/** Makes a value fit to stand within a file or folder name: also no `..`, no dots or blanks in front. */
export function sanitizePart(text: string): string {
  return replaceUnsafe(text)
    .replace(/\.{2,}/g, '.')
    .replace(/^[.\s]+/, '')
}

/**
 * Cuts a file name to 200 bytes of UTF-8 within its stem, so that the extension stays. What was cut off is still told
 * apart: the stem then ends with eight digits that are made of the whole name.
 */
export function capFileName(fileName: string): string {
  if (byteLength(fileName) <= maxBytes) return fileName
  const [extension = ''] = /(\.[A-Za-z0-9]{1,10}){1,2}$/.exec(fileName) ?? []
  const mark = `-${hashOf(fileName)}`
  const room = maxBytes - byteLength(mark + extension)
  let stem = ''
  let size = 0
  for (const character of fileName.slice(0, fileName.length - extension.length)) {
    size += byteLength(character)
    if (size > room) break
    stem += character
  }
  return stem.replace(/[.\s]+$/, '') + mark + extension
}

/** FNV-1a of 32 bits, in hex: against accidents, not against anybody. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}

function byteLength(text: string): number {
  return encoder.encode(text).length
}
