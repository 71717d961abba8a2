/** What a reload, a rename of a folder, and the next version of a job leave of files that are being taken. */
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { DropFolder } from '../../../engine/core/manifest.ts'
import { ftpInTrigger } from '../../../engine/triggers/ftp-in.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { dropStart } from '../../fakes/drop-stage.ts'
import { createMemoryEndpoints, createMemoryFiles } from '../../fakes/endpoints.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'
import { createTriggerHost } from '../../fakes/trigger-host.ts'

const folder: DropFolder = {
  connection: 'acme-sftp',
  path: '/drop',
  complete: 'renamed',
  archive: '/archive',
  error: '/error',
}

function stage(t: Test) {
  const remote = createMemoryFiles()
  const clock = createManualClock(dropStart)
  const endpoints = createMemoryEndpoints({ files: { 'acme-sftp': remote } })
  const host = createTriggerHost({ clock, artifacts: createTestArtifacts(t.testdir()), endpoints })
  return {
    remote,
    host,
    /** A watch as the engine has it: once it is released nothing becomes due by it, and no connection works for it. */
    async watch(changes: Partial<DropFolder> = {}) {
      const stop = new AbortController()
      t.teardown(() => stop.abort())
      const { signal } = stop
      const files = {
        ...remote,
        async fetch(path: string, localPath: string) {
          signal.throwIfAborted()
          return remote.fetch(path, localPath, signal)
        },
      }
      const own = {
        ...host,
        due: async (due: Parameters<typeof host.due>[0]) => !signal.aborted && host.due(due),
        endpoints: Object.assign(endpoints, { files: () => files }),
      }
      const trigger = { type: 'ftp-in' as const, folders: [{ ...folder, ...changes }] }
      await ftpInTrigger.watch(trigger, createSnapshot({ job: 'acme/upload' }), own, signal)
      return stop
    },
    /** Polls until that is so, or for a minute. */
    async until(isSo: () => boolean) {
      for (let round = 0; round < 600 && !isSo(); round++) {
        await clock.advance(100)
        for (let count = 0; count < 20 && !isSo(); count++) await setImmediate()
      }
    },
  }
}

t.test('a file whose claim is under way at a reload is taken by the next watch, once', async (t) => {
  const { remote, host, watch, until } = stage(t)
  remote.drop('/drop/a.csv', 'one', 1000)
  let isReloaded = false
  // Between the row of the claim and its rename.
  remote.before = async (call) => {
    if (call !== 'move /drop/a.csv' || isReloaded) return
    isReloaded = true
    await watch()
    old.abort()
    for (let count = 0; count < 100; count++) await setImmediate()
  }
  const old = await watch()
  await until(() => host.dues.length > 0)
  t.same(
    host.dues.map(({ file }) => file?.fileName),
    ['a.csv'],
  )
  t.ok(isReloaded)
})

t.test(
  'a file that was being claimed when its folder was left out of the job is told of, once',
  async (t) => {
    const { remote, host, watch, until } = stage(t)
    remote.drop('/drop/a.csv', 'one', 1000)
    let isReloaded = false
    remote.before = async (call) => {
      if (!call.startsWith('fetch ') || isReloaded) return
      isReloaded = true
      await watch({ path: '/elsewhere' })
      old.abort()
      throw new Error('cut off')
    }
    const old = await watch()
    await until(() => host.told.length > 0)
    const again = await watch({ path: '/elsewhere' })
    await until(() => false)
    again.abort()
    t.same(host.dues, [])
    t.same(
      host.told.map(({ notice }) => notice.message),
      ['/drop/a.csv (3 bytes) was being taken when its folder was left out of the job: it started no run.'],
    )
  },
)
