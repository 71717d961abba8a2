/** What becomes of a posted file once its runs have ended: to the archive, or aside with the reason. */
import { createHash } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import type { EndedFile } from '../core/contracts/drops.ts'
import type { RemoteFiles } from '../core/contracts/endpoints.ts'
import type { TriggerHost } from '../core/contracts/trigger.ts'
import type { DropRules } from '../core/drop-rules.ts'
import { JobsdError } from '../core/errors.ts'
import type { Snapshot } from '../core/model.ts'
import { moveSeen } from '../core/move-seen.ts'
import { joinPath, splitFileName } from '../core/paths.ts'
import { expandPath } from '../core/tokens.ts'

export interface SettleParts {
  rules: DropRules
  snapshot: Snapshot
  host: TriggerHost
  signal: AbortSignal
}

/** Moves one file where it belongs and records what became of it. A repeat is harmless: the target is recorded first. */
export async function settleFile(parts: SettleParts, remote: RemoteFiles, ended: EndedFile): Promise<void> {
  const { rules, host, signal } = parts
  const { key, path, lies } = ended
  const isBad =
    ended.outcome === 'refused' || ended.runs.some(({ state }) => state === 'failed' || state === 'cancelled')
  const folder = isBad ? rules.error : rules.archive
  if (folder === null) return await host.drops.settle(key, 'it stays where it was posted', false)
  if (!(await isThere(remote, ended, signal))) return await tellAbsent(parts, remote, ended)
  for (const target of targets(ended, expandFolder(folder, parts.snapshot, ended))) {
    if (target === lies) return await host.drops.settle(key, 'it stays where it was posted', false)
    // A move that was cut off between its two names may have made the recorded one: repeated it ends there.
    const isRepeat = target === ended.target
    if (!isRepeat && (await remote.stat(target, signal))) continue
    if (!isRepeat) await host.drops.intendMove(key, target)
    if (isBad) await putReason(parts, remote, ended, target)
    try {
      // Nobody else writes where claimed files lie.
      if (lies !== path) await remote.move(lies, target, 'fail', signal)
      else if (!(await moveSeen(remote, { ...ended, from: lies }, target, 'fail', signal)))
        return await host.drops.settle(key, absent(ended), true)
    } catch (error) {
      // Somebody put one there just now: the next name.
      if (error instanceof JobsdError && error.code === 'FILE_EXISTS') continue
      throw error
    }
    await moveCompanion(parts, remote, ended, target)
    return await host.drops.settle(key, `moved to ${target}`, true)
  }
  throw new JobsdError('FILE_EXISTS', { path: `${path} under every name in ${folder}` })
}

/** Whether what lies there is still the file, and not a newer one of its name. */
async function isThere(
  remote: RemoteFiles,
  { lies, path, size, mtimeMs }: EndedFile,
  signal: AbortSignal,
): Promise<boolean> {
  const entry = await remote.stat(lies, signal)
  if (entry?.kind !== 'file' || entry.size !== size) return false
  // Where claimed files lie there is no newer one; a server may have changed the time with the rename.
  return lies !== path || entry.mtimeMs === mtimeMs
}

/** A move that was cut off before it was recorded, or somebody else's: a step of the run, or a person. */
async function tellAbsent(parts: SettleParts, remote: RemoteFiles, ended: EndedFile): Promise<void> {
  const { key, target } = ended
  const { host, signal } = parts
  const there = target === null ? undefined : await remote.stat(target, signal)
  if (target === null || there?.size !== ended.size) return await host.drops.settle(key, absent(ended), true)
  await moveCompanion(parts, remote, ended, target)
  await host.drops.settle(key, `moved to ${target}`, true)
}

function absent({ lies }: EndedFile): string {
  return `it did not lie at ${lies} any more when its run had ended`
}

async function moveCompanion(
  { rules, signal }: SettleParts,
  remote: RemoteFiles,
  { companion, lies, mtimeMs }: EndedFile,
  target: string,
): Promise<void> {
  if (!companion) return
  const entry = await remote.stat(companion.lies, signal)
  // In place, a newer file of the same name may have its own by now.
  const isNewer = companion.lies === companion.path && (await remote.stat(lies, signal)) !== undefined
  if (entry?.kind !== 'file' || isNewer || entry.mtimeMs < mtimeMs) return
  try {
    await remote.move(companion.lies, target + rules.suffix, 'fail', signal)
  } catch (error) {
    const isSettled = error instanceof JobsdError && ['FILE_EXISTS', 'FILE_MISSING'].includes(error.code)
    if (!isSettled) throw error
  }
}

/** Names for a file in a folder, the same each time: its own, then with a mark of its own, then numbered. */
function* targets({ target, path, key }: EndedFile, folder: string): Generator<string> {
  if (target !== null) yield target
  const fileName = path.slice(path.lastIndexOf('/') + 1)
  yield joinPath(folder, fileName)
  const { name, ext } = splitFileName(fileName)
  const mark = createHash('sha256').update(key).digest('hex').slice(0, 8)
  const end = ext === '' ? '' : `.${ext}`
  yield joinPath(folder, `${name}.${mark}${end}`)
  for (let count = 2; count < 100; count++) yield joinPath(folder, `${name}.${mark}-${count}${end}`)
}

function expandFolder(folder: string, { client, manifest }: Snapshot, { path, at, runs }: EndedFile): string {
  const { name, ext } = splitFileName(path.slice(path.lastIndexOf('/') + 1))
  return expandPath(folder, {
    client: client.name,
    callCenter: null,
    job: manifest.name,
    report: null,
    campaign: null,
    period: null,
    slotMs: Date.parse(at),
    timezone: client.timezone,
    seq: null,
    runId: runs[0]?.id ?? '',
    name,
    ext,
  })
}

/** Puts `<target>.reason.json` beside where the file is about to be. */
async function putReason(
  { snapshot, host, signal }: SettleParts,
  remote: RemoteFiles,
  { path, size, sha256, key, at, note, runs }: EndedFile,
  target: string,
): Promise<void> {
  const reason = {
    job: snapshot.job,
    file: path,
    size,
    sha256,
    takenAt: at,
    ...(note !== '' && { reason: note }),
    runs: runs.map(({ id, state, endedAt, error }) => ({
      id,
      state,
      endedAt,
      error: error && { code: error.code, message: error.message },
    })),
  }
  const text = `${JSON.stringify(reason, null, 2)}\n`
  const scratch = await host.artifacts.scratch()
  try {
    await writeFile(scratch, text, { flag: 'wx' })
    const request = {
      path: `${target}.reason.json`,
      localPath: scratch,
      size: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
      key: createHash('sha256').update(key).digest('hex').slice(0, 16),
    }
    await remote.put({ ...request, overwrite: 'replace' }, signal)
  } finally {
    await rm(scratch, { force: true })
  }
}
