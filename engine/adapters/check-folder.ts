import { randomUUID } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '../core/contracts/checkup.ts'
import type { FolderConnection } from '../core/manifest.ts'
import { spellCount } from '../core/spell-count.ts'
import { translateFileError } from './local-errors.ts'

/** Lists the folder; with `write` also makes, reads and removes a file in it. */
export async function checkFolder(connection: FolderConnection, write: boolean): Promise<Finding[]> {
  const { name, path } = connection
  const names = await readdir(path).catch((error: unknown) => {
    throw translateFileError(error, name, path)
  })
  const findings: Finding[] = [{ level: 'ok', text: `the folder has ${spellCount(names.length, 'item')}` }]
  if (!write) return findings
  const probe = join(path, `.jobsd-doctor-${randomUUID()}`)
  try {
    await writeFile(probe, probe, { flag: 'wx' })
    const back = await readFile(probe, 'utf8')
    if (back !== probe)
      return [...findings, { level: 'problem', text: 'a file read back is not what was written' }]
  } catch (error) {
    throw translateFileError(error, name, '/')
  } finally {
    await rm(probe, { force: true })
  }
  return [...findings, { level: 'ok', text: 'a file was written, read back and deleted' }]
}
