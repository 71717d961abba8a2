/** The longest name that common file systems take, in bytes. */
const maxNameBytes = 255
const encoder = new TextEncoder()

/** The name a file has while it is written: the same for the same name and key, and no longer than a name may be. */
export function temporaryName(name: string, key: string): string {
  const end = `.${key.replace(/[^A-Za-z0-9_-]/g, '_').slice(-64)}.part`
  let start = `.${name}`
  while (encoder.encode(start + end).length > maxNameBytes) start = [...start].slice(0, -1).join('')
  return start + end
}

/** Whether a name can be one that temporaryName gave. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.part')
}
