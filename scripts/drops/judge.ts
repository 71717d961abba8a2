/** Compares what writers posted with what the engine ran. */
import type { RunFileRow } from './reader.ts'
import type { Posted } from './writers.ts'

export interface Verdict {
  complete: number
  /** Faults; each a sentence. */
  faults: string[]
  /** Files that are no whole file of any writer, by rule. */
  torn: Record<string, number>
  runs: number
}

export function judge(
  posted: Posted[],
  runs: RunFileRow[],
  stored: Set<string>,
  archived: string[],
): Verdict {
  const faults: string[] = []
  const torn: Record<string, number> = {}
  const byHash = Map.groupBy(runs, ({ sha256 }) => sha256)
  const whole = new Set(posted.filter(({ fate }) => fate !== 'half').map(({ sha256 }) => sha256))
  const inArchive = Map.groupBy(archived, (sha256) => sha256)
  let complete = 0
  for (const { path, sha256, fate } of posted) {
    const count = byHash.get(sha256)?.length ?? 0
    if (fate === 'complete') complete += 1
    // A torn half of a paused file may have been moved away with its writer still at it.
    const most = fate === 'half' ? 0 : 1
    const least = fate === 'complete' ? 1 : 0
    if (count < least || count > most)
      faults.push(`${path} (${fate}, ${sha256.slice(0, 12)}) has ${count} runs`)
    if (count === 1 && (inArchive.get(sha256)?.length ?? 0) !== 1)
      faults.push(
        `${path} (${sha256.slice(0, 12)}) lies in the archive ${inArchive.get(sha256)?.length ?? 0} times`,
      )
  }
  for (const { path, sha256, run, state } of runs) {
    const rule = path.split('/')[1] ?? ''
    if (state !== 'succeeded') faults.push(`run ${run} of ${path} ${state}`)
    if (!stored.has(sha256)) faults.push(`the artifact of run ${run} is not whole`)
    if (whole.has(sha256)) continue
    torn[rule] = (torn[rule] ?? 0) + 1
    if (rule !== 'stable') faults.push(`run ${run} has a torn file ${path}`)
  }
  return { complete, faults, torn, runs: runs.length }
}
