/** Makes a backup of a data folder, also while an engine works in it. */
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import type { BackupReport } from '../core/contracts/backup.ts'
import { JobsdError } from '../core/errors.ts'
import type { Artifact } from '../core/model.ts'
import { hourMs, retentionTimes } from '../core/retention-times.ts'
import {
  artifactPath,
  artifactsName,
  copyFile,
  countFile,
  makeFolders,
  syncFolders,
  writeContents,
} from './backup-folder.ts'
import type { DataFolder } from './data-folder.ts'
import { copyLedger, type NamedArtifact, readNamedArtifacts } from './ledger/sqlite-backup.ts'

const partName = 'ledger.part'

/**
 * Makes the folder a backup of the data folder as it is now; what it holds already of an earlier one is not copied
 * again. One at a time. Throws BAD_REQUEST for a folder of something else, LEDGER_UNUSABLE for a damaged ledger.
 */
export async function makeBackup(data: DataFolder, out: string, now: Date): Promise<BackupReport> {
  const folder = resolve(out)
  await checkFolder(data, folder)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  const part = join(folder, partName)
  for (const end of ['', '-journal', '-wal', '-shm']) await rm(part + end, { force: true })
  await copyLedger(data.ledger, part)
  const ledger = (await countFile(part)) as Artifact
  const named = readNamedArtifacts(part)
  const found = await copyArtifacts(data, join(folder, artifactsName), named.artifacts)

  const file = `ledger-${ledger.sha256.slice(0, 16)}.db`
  await rename(part, join(folder, file))
  await writeContents(folder, {
    format: 1,
    createdAt: now.toISOString(),
    ledger: { ...ledger, file },
    artifacts: found.whole,
    missing: found.missing.map(({ sha256 }) => sha256),
  })
  await removeOthers(folder, file, found.whole)

  const keptSince = new Date(
    now.getTime() - retentionTimes(named.settings).artifactsMs + hourMs,
  ).toISOString()
  const lost = found.missing.filter(({ endedAt }) => endedAt === null || endedAt >= keptSince)
  return {
    folder,
    ledgerBytes: ledger.size,
    artifacts: found.whole.length,
    copied: found.copied,
    expired: found.missing.length - lost.length,
    lost: lost.map(({ sha256 }) => sha256),
  }
}

async function checkFolder(data: DataFolder, folder: string): Promise<void> {
  const inside = `${folder}${sep}`.startsWith(`${data.root}${sep}`)
  const names: string[] = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new JobsdError(
      'BAD_REQUEST',
      { reason: `${folder} cannot be read: ${error.code}` },
      { cause: error },
    )
  })
  const own = /^(ledger\.part(-.*)?|ledger-[0-9a-f]{16}\.db|backup\.json(\.part)?|artifacts)$/
  if (inside) throw new JobsdError('BAD_REQUEST', { reason: `${folder} is in the data folder itself` })
  if (names.every((name) => own.test(name))) return
  const reason = `${folder} holds other things; a backup needs a folder of its own`
  throw new JobsdError('BAD_REQUEST', { reason })
}

async function copyArtifacts(data: DataFolder, to: string, named: NamedArtifact[]) {
  await makeFolders(to, named)
  const whole: Artifact[] = []
  const missing: NamedArtifact[] = []
  let copied = 0
  for (const artifact of named) {
    const { sha256, size } = artifact
    const target = artifactPath(to, sha256)
    const there = await countFile(target)
    if (there?.sha256 === sha256) {
      whole.push({ sha256, size })
      continue
    }
    if ((await copyFile(artifactPath(data.artifacts, sha256), target, artifact)) === 'copied') {
      whole.push({ sha256, size })
      copied += 1
    } else missing.push(artifact)
  }
  await syncFolders(to)
  return { whole, missing, copied }
}

/** What only an earlier backup named. */
async function removeOthers(folder: string, ledger: string, artifacts: Artifact[]): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/^ledger-.*\.db$/.test(name) && name !== ledger) await rm(join(folder, name))
  }
  const kept = new Set(artifacts.map(({ sha256 }) => sha256))
  const root = join(folder, artifactsName)
  for (const part of await readdir(root)) {
    for (const name of await readdir(join(root, part))) {
      if (!kept.has(name)) await rm(join(root, part, name))
    }
  }
}
