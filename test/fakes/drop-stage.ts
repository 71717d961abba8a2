/** One watched drop folder `/drop` in memory, with a clock that only the test moves and a ledger in memory. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DropFolder } from '../../engine/core/manifest.ts'
import type { RecordedError } from '../../engine/core/model.ts'
import { type DropWatch, watchDropFolder } from '../../engine/triggers/drop-watch.ts'
import { createTurns } from '../../engine/triggers/ftp-in.ts'
import { createTestArtifacts } from './artifacts.ts'
import { createManualClock } from './clock.ts'
import { createMemoryEndpoints, createMemoryFiles, type MemoryFiles } from './endpoints.ts'
import { createSnapshot } from './snapshot.ts'
import { createTriggerHost, type TestHost } from './trigger-host.ts'

const second = 1000
export const dropStart = '2026-11-22T12:00:00.000Z'

interface Testing {
  teardown(end: () => void): void
  testdir(): string
}

/** A look is over when the watch sleeps again and nothing is being taken. `before` takes over what an earlier engine left. */
export function stageDrop(
  t: Testing,
  changes: Partial<DropFolder> = {},
  before: { remote?: MemoryFiles; host?: TestHost } = {},
) {
  const remote = before.remote ?? createMemoryFiles()
  const manual = before.host?.clock ?? createManualClock(dropStart)
  const folder = t.testdir()
  const host =
    before.host ??
    createTriggerHost({
      clock: manual,
      artifacts: createTestArtifacts(folder),
      endpoints: createMemoryEndpoints({ files: { 'acme-sftp': remote } }),
    })
  const stop = new AbortController()
  t.teardown(() => stop.abort())
  let watching: DropWatch | undefined
  const given = { connection: 'acme-sftp', path: '/drop', ...changes }
  async function settled(): Promise<void> {
    await manual.asleep()
    await watching?.idle()
  }
  return {
    host,
    remote,
    stop,
    async begin() {
      watching = watchDropFolder(given, createSnapshot(), host, createTurns(), stop.signal)
      await settled()
    },
    settled,
    async live(seconds: number) {
      await settled()
      for (let count = 0; count < seconds; count++) {
        await manual.live(second)
        await settled()
      }
    },
    /** Everything that lies there, sorted. */
    paths: () => [...remote.files.keys()].sort(),
    text: (path: string) => remote.files.get(path)?.bytes.toString(),
    /** Several are taken at once: in no order. */
    names: () =>
      host.dues
        .flatMap(({ file, files }) => files ?? (file ? [file] : []))
        .map(({ fileName }) => fileName)
        .sort(),
    scratch: () => readdir(join(folder, 'scratch')),
    seen: async (path: string) => {
      const rows = await host.ledger.seenFiles('acme/upload', path)
      return rows.map(({ outcome, note, settled: what }) => [outcome, note, what])
    },
    /** Ends every run that has not ended. */
    async endRuns(state: 'succeeded' | 'failed' = 'succeeded', error: RecordedError | null = null) {
      for (const { id } of await host.ledger.unfinishedRuns()) {
        const now = manual.now().toISOString()
        const token = (await host.ledger.claimRun(id, now))?.token ?? 0
        const guard = { runId: id, token }
        const { seq } = await host.ledger.beginStep(guard, 'copy', 'ftp-out-copy', now)
        const outcome = state === 'succeeded' ? ('succeeded' as const) : ('failed' as const)
        const end = { seq, outcome, note: '', error, files: [], next: { end: state }, alert: null, now }
        await host.ledger.endStep(guard, end)
      }
    },
  }
}
