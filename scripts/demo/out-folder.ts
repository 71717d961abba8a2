/** Where the demo's servers keep what they receive. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const marker = '.jobsd-demo'
const parts = ['mail', 'sftp', 's3', 'catalog'] as const

export interface OutFolder {
  root: string
  mail: string
  sftp: string
  s3: string
  catalog: string
  isKept: boolean
  /** Removes it, if it is a temporary one. */
  dispose(): Promise<void>
}

/** Makes the folders empty. Throws for a folder that holds something and was not made by the demo. */
export async function prepareOut(given: string | undefined): Promise<OutFolder> {
  const root = given === undefined ? await mkdtemp(join(tmpdir(), 'jobsd-demo-out-')) : resolve(given)
  await mkdir(root, { recursive: true })
  const isOurs = existsSync(join(root, marker)) || (await readdir(root)).length === 0
  if (!isOurs)
    throw new Error(`${root} holds something that the demo did not make: give it an empty or a new folder`)
  await writeFile(
    join(root, marker),
    'Made by the jobsd demo, which empties mail, sftp, s3 and catalog here at each start.\n',
  )
  for (const part of parts) {
    await rm(join(root, part), { recursive: true, force: true })
    await mkdir(join(root, part))
  }
  const [mail, sftp, s3, catalog] = parts.map((part) => join(root, part)) as [string, string, string, string]
  return {
    root,
    mail,
    sftp,
    s3,
    catalog,
    isKept: given !== undefined,
    async dispose() {
      if (given === undefined) await rm(root, { recursive: true, force: true })
    },
  }
}
