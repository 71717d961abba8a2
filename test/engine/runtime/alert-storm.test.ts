import t, { type Test } from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import { createStage, until } from '../../fakes/engine-stage.ts'
import { editSmall } from '../config/golden.ts'

const eod = 'jobs.d/acme/eod.yaml'
const settings = 'jobs.d/platform/settings.yaml'

/** Ten jobs that fail at their first step as long as `isDown`, with a copy to one address of the client. */
async function startStorm(t: Test, alerts = '') {
  const state = { isDown: true }
  const stage = createStage(t, async () => {
    if (state.isDown) throw new JobsdError('AUTH_REFUSED', { connection: 'sftp' })
    return { ok: true, note: '' }
  })
  const [first] = [editSmall({}).files.get(eod)?.content]
  const text = new TextDecoder()
    .decode(first)
    .replace('scope: call-center\n', 'scope: call-center\nalerts: { to: [care@acme.example] }\n')
  const names = Array.from({ length: 10 }, (_, index) => `eod-${index}`)
  const jobs = names.map((name) => [
    `jobs.d/acme/${name}.yaml`,
    text.replace('name: eod', `name: ${name}`).replace('/outbound', `/${name}`),
  ])
  const addressed = (old: string): string => old.replace('to: [', `${alerts} to: [`)
  stage.state.tree = editSmall({ ...Object.fromEntries(jobs), [eod]: null, [settings]: addressed })
  await stage.engine.start({ triggers: true })

  async function runAll(times: number): Promise<void> {
    for (let count = 0; count < times; count += 1) {
      for (const name of names) await stage.engine.run({ job: `acme/${name}`, callCenter: 'dallas' })
    }
    await until(async () => (await stage.ledger.unfinishedRuns()).length === 0)
  }
  return {
    ...stage,
    storm: state,
    runAll,
    mailsTo: (to: string) => stage.sent.filter((mail) => mail.to.includes(to)),
  }
}

t.test('1,000 failing runs of 10 jobs are 110 mails, their end 10 more, and as many copies', async (t) => {
  const { engine, ledger, storm, sent, runAll, mailsTo } = await startStorm(t)
  await runAll(100)
  await until(async () => (await ledger.pendingAlerts()).length === 0)
  t.equal(mailsTo('ops@platform.example').length, 110, 'the first of each job, and its 10th, 20th ... 100th')
  t.equal(mailsTo('care@acme.example').length, 110)
  t.equal(sent.length, 220)
  t.equal((await ledger.runs({ limit: 2000 })).filter(({ state }) => state === 'failed').length, 1000)
  storm.isDown = false
  await runAll(3)
  await until(async () => (await ledger.pendingAlerts()).length === 0)
  t.equal(mailsTo('ops@platform.example').length, 120)
  t.equal(sent.length, 240)
  await engine.stop()
})

t.test('with a digest such a storm is one mail, and one copy a job', async (t) => {
  const { engine, ledger, clock, sent, runAll, mailsTo } = await startStorm(t, 'digest: 15m,')
  await runAll(20)
  t.equal(sent.length, 0)
  t.equal((await ledger.pendingAlerts()).length, 60)
  await until(async () => {
    await clock.advance(60_000)
    return (await ledger.pendingAlerts()).length === 0
  })
  t.equal(mailsTo('ops@platform.example').length, 1)
  t.equal(mailsTo('care@acme.example').length, 10)
  await engine.stop()
})
