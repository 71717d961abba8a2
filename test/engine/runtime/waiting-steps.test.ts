import t from 'tap'
import type { StepResult } from '../../../engine/core/contracts/step.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import { createStage, eodFile, until } from '../../fakes/engine-stage.ts'
import { editSmall } from '../config/golden.ts'

const minute = 60_000
const waits = (note: string): StepResult => ({ ok: false, note, again: { afterMs: minute } })

t.test('what a step waits for is told by the status, the run and the log, until it came', async (t) => {
  let result: StepResult | JobsdError = waits('waits for share:/in/a.csv: 0 of 1 file there')
  let looks = 0
  const { engine, ledger, clock, log } = createStage(t, async () => {
    looks += 1
    if (result instanceof JobsdError) throw result
    return result
  })
  const messageOf = async () => (await engine.status()).jobs.find(({ job }) => job === 'acme/eod')?.message
  /** The next look, and all that is written about it. */
  async function look(): Promise<void> {
    const before = looks
    await clock.asleep()
    await clock.advance(minute)
    await until(() => looks > before && engine.queueSize().working === 0)
  }
  await engine.start({ triggers: true })
  const [dallas = ''] = await engine.run({ job: 'acme/eod', callCenter: 'dallas' })
  await until(async () => (await ledger.waitingSteps()).length === 1 && engine.queueSize().working === 0)
  t.equal(await messageOf(), 'dallas: build waits for share:/in/a.csv: 0 of 1 file there')
  t.match((await engine.status()).jobs[0], { health: 'Progressing', sync: 'Synced' })
  await look()
  t.match((await ledger.run(dallas))?.steps, [
    { name: 'build', outcome: 'running', attempts: 0, note: /0 of 1/ },
  ])
  const told = () => log.lines.filter((line) => line.startsWith('info: waits for'))
  t.equal(told().length, 1, 'a look that finds nothing new says nothing')

  result = new JobsdError('ENDPOINT_UNREACHABLE', { connection: 'share', reason: 'down' })
  await look()
  t.match((await ledger.run(dallas))?.steps, [{ attempts: 1, error: { code: 'ENDPOINT_UNREACHABLE' } }])
  result = waits('waits for share:/in/a.csv: a.csv is not complete')
  await look()
  t.match((await ledger.run(dallas))?.steps, [{ attempts: 0, error: null, note: /is not complete/ }])
  t.equal(told().length, 2)

  result = { ok: true, note: 'a.csv came' }
  await clock.asleep()
  await clock.advance(minute)
  await until(async () => (await ledger.run(dallas))?.state === 'succeeded')
  t.same([await messageOf(), await ledger.waitingSteps()], ['', []])
  await engine.stop()
})

t.test('of many runs that wait the status names the oldest three', async (t) => {
  const { engine, ledger } = createStage(t, async () => waits('waits for x'))
  await engine.start({ triggers: true })
  for (let count = 0; count < 5; count += 1) await engine.run({ job: 'acme/eod', callCenter: 'tampa' })
  await until(async () => (await ledger.waitingSteps()).length === 5)
  const [job] = (await engine.status()).jobs
  const one = 'tampa: build waits for x'
  t.equal(job?.message, `${one}; ${one}; ${one}; 2 more wait`)
  await engine.stop()
})

t.test('of a job over the whole client no call center is told', async (t) => {
  const { engine, ledger, state } = createStage(t, async () => waits('waits for x'))
  state.tree = editSmall({ [eodFile]: (text) => text.replace('scope: call-center', 'scope: client') })
  await engine.start({ triggers: true })
  await engine.run({ job: 'acme/eod' })
  await until(async () => (await ledger.waitingSteps()).length === 1)
  t.match(await ledger.waitingSteps(), [{ job: 'acme/eod', callCenter: null, name: 'build' }])
  t.equal((await engine.status()).jobs[0]?.message, 'build waits for x')
  await engine.stop()
})
