import { capFileName, sanitizePart } from '../core/file-name.ts'
import { splitFileName } from '../core/paths.ts'

/** What Windows takes for a device, whatever its extension. */
const device = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i

/**
 * Names for files within an archive, in their order: none leads out of the folder that it is unpacked in, and no two
 * are the same on a file system that ignores case.
 */
export function entryNames(fileNames: readonly string[]): string[] {
  const taken = new Set<string>()
  return fileNames.map((fileName) => {
    const safe = safeName(fileName)
    let name = safe
    for (let count = 2; taken.has(keyOf(name)); count++) name = numbered(safe, count)
    taken.add(keyOf(name))
    return name
  })
}

function keyOf(name: string): string {
  return name.normalize('NFKC').toLowerCase()
}

function safeName(fileName: string): string {
  const name = capFileName(sanitizePart(fileName).replace(/[.\s]+$/, ''))
  if (name === '') return 'file'
  return device.test(name) ? `_${name}` : name
}

function numbered(fileName: string, count: number): string {
  const { ext, name } = splitFileName(fileName)
  return ext === '' ? `${name}-${count}` : `${name}-${count}.${ext}`
}
