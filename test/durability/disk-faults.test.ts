import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  cannotInject,
  cannotMount,
  type FaultyEngine,
  mountSmall,
  startFaultyEngine,
  until,
} from './faulty-engine.ts'

/** Events are refused and not remembered, the process lives and says so, and goes on by itself once `mend` was called. */
async function provesHonest(
  t: Test,
  engine: FaultyEngine,
  reason: RegExp,
  mend: () => Promise<void>,
): Promise<void> {
  t.equal((await engine.post('refused')).status, 503, 'nothing is acknowledged')
  const { status, reason: told } = await engine.ready()
  t.equal(status, 503)
  t.match(told, reason)
  t.equal((await engine.post('refused')).status, 503)
  await mend()
  await until(async () => (await engine.ready()).status === 200, 'readiness')
  const again = await engine.post('refused')
  t.equal(again.status, 202, 'it was not remembered, and is taken now')
  t.equal((await engine.post('refused')).status, 200, 'once')
  await until(async () => {
    const runs = await engine.runs()
    return again.runs.every((id) => runs.some((run) => run.id === id && run.state === 'succeeded'))
  }, 'the run')
}

t.test('no room for the ledger', { skip: cannotInject }, async (t) => {
  const engine = await startFaultyEngine(t)
  t.equal((await engine.post('before')).status, 202)
  const end = await engine.inject('pwrite64', 'ENOSPC', { path: join(engine.data, 'ledger.db-wal') })
  await provesHonest(t, engine, /SQLITE_FULL/, end)
  t.equal((await engine.post('before')).status, 200, 'what was acknowledged is known')
  t.equal(await engine.process.stop(), 0)
})

t.test('an fsync of the ledger that fails', { skip: cannotInject }, async (t) => {
  const engine = await startFaultyEngine(t)
  t.equal((await engine.post('before')).status, 202)
  const end = await engine.inject('fsync,fdatasync', 'EIO')
  await provesHonest(t, engine, /SQLITE_IOERR_FSYNC|a reader holds/, end)
  t.equal((await engine.post('before')).status, 200, 'what was acknowledged is known')
  t.equal(await engine.process.stop(), 0)
})

t.test('a run whose step cannot be recorded goes on later', { skip: cannotInject }, async (t) => {
  const engine = await startFaultyEngine(t)
  // Taken, and then nothing more can be written: the file's run is recorded in between, or not at all.
  engine.drop('a.csv', 'a')
  const end = await engine.inject('pwrite64', 'ENOSPC', { path: join(engine.data, 'ledger.db-wal') })
  engine.drop('b.csv', 'b')
  await until(async () => (await engine.ready()).status === 503, 'trouble')
  await end()
  await until(async () => {
    const runs = await engine.runs()
    return runs.length === 2 && runs.every((run) => run.state === 'succeeded')
  }, 'both runs, once each')
  t.equal(await engine.process.stop(), 0)
})

t.test('an artifact store that fails', { skip: cannotInject }, async (t) => {
  const engine = await startFaultyEngine(t)
  // Only artifacts rename nothing yet, chmod nothing else: the ledger's system calls go on.
  const end = await engine.inject('fchmod', 'EIO', { all: true })
  engine.drop('a.csv', 'a')
  await until(async () => (await engine.ready()).status === 503, 'trouble')
  t.match((await engine.ready()).reason, /EIO/)
  t.same(await engine.runs(), [], 'no run of a file whose bytes are not safe')
  await end()
  await until(async () => (await engine.runs()).some((run) => run.state === 'succeeded'), 'the run')
  t.equal((await engine.runs()).length, 1)
  t.equal(await engine.process.stop(), 0)
})

t.test('a disk that is full', { skip: cannotMount }, async (t) => {
  const disk = mountSmall(t, 8 * 1024 * 1024)
  const engine = await startFaultyEngine(t, join(disk, 'data'))
  t.equal((await engine.post('before')).status, 202)
  const filler = join(disk, 'filler')
  fillUp(filler)
  // The log has room that was written before: until that is used up, events are safe and acknowledged.
  const acknowledged: string[] = []
  for (let index = 0; (await engine.ready()).status === 200; index++) {
    const id = `event-${index}`
    if ((await engine.post(id)).status === 202) acknowledged.push(id)
  }
  engine.drop('a.csv', 'a'.repeat(100_000))
  await provesHonest(t, engine, /SQLITE_FULL|SQLITE_IOERR|ENOSPC/, async () => rmSync(filler))
  for (const id of acknowledged) t.equal((await engine.post(id)).status, 200, `${id} is known`)
  await until(async () => (await engine.runs()).some(({ trigger }) => trigger.type === 'ftp-in'), 'the file')
  t.equal(await engine.process.stop(), 0)
})

function fillUp(path: string): void {
  for (const size of [1024 * 1024, 4096]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
}
