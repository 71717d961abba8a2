import t from 'tap'
import type { EventRecord } from '../../../engine/core/contracts/ledger.ts'
import type { EventData } from '../../../engine/core/model.ts'
import { explain } from '../../../engine/runtime/explain.ts'
import { commitOf, createGitStage, type Edits, until } from '../../fakes/engine-stage.ts'
import { editSmall } from '../config/golden.ts'

const jobText = (changes = '', leads = 'type: integer, required: true') => `apiVersion: jobsd/v1
kind: Job
name: ended
title: Campaign ended
client: acme
scope: call-center
${changes}trigger:
  type: campaign
  parameters:
    - { name: leads, ${leads} }
    - { name: region, type: text, field: campaign.region, default: east }
steps:
  - name: mail
    type: email
    connection: mail
    to: [ops@acme.example]
    template: note
`
const file = 'jobs.d/acme/ended.yaml'

let count = 0
function createEvent(data: EventData, changes: Partial<EventRecord> = {}): EventRecord {
  count += 1
  return {
    ...{ client: 'acme', source: '/dialer', id: `e${count}`, type: 'campaign.ended', bodySha256: 'x' },
    ...{ data, receivedAt: `2026-11-22T12:00:${String(count).padStart(2, '0')}.000Z`, ...changes },
  }
}

async function startStage(edits: Edits) {
  const stage = createGitStage(t)
  stage.state.tree = { ...editSmall(edits), revision: commitOf('a') }
  await stage.engine.start({ triggers: true })
  t.teardown(() => stage.engine.stop())
  const { engine, ledger } = stage
  const ask = (event: string) =>
    explain({ ledger, whyUnwanted: () => '', now: () => new Date() }, 'acme/ended', { event })
  const idle = () => until(async () => (await ledger.unfinishedRuns()).length === 0)
  return { ...stage, ask, idle, run: async (id = '') => await engine.runDetail(id) }
}

t.test('an event gives its runs their parameters, one run a call center or that of its own', async (t) => {
  const { engine, run, ask, idle } = await startStage({ [file]: jobText() })
  const both = await engine.acceptEvent(
    createEvent({ leads: '12', campaign: { region: 'west' } }, { id: 'both' }),
  )
  t.match(both, { known: false, outcome: 'started', note: '', runIds: [/./, /./] })
  for (const id of both.runIds) t.match(await run(id), { parameters: { leads: 12, region: 'west' } })
  const one = await engine.acceptEvent(createEvent({ leads: 3, callCenter: 'tampa' }))
  t.equal(one.runIds.length, 1)
  t.match(await run(one.runIds[0]), { callCenter: 'tampa', parameters: { leads: 3, region: 'east' } })
  await idle()
  const told = await ask('both')
  t.match(told, { answer: 'taken', sentence: /event both started run \w+ for dallas succeeded .* and run / })
  t.match(told.evidence[0], { kind: 'event', text: /received at .* started: \{"leads":"12"/ })
  t.match(await ask('never'), { answer: 'never-seen', sentence: /no event never of acme is recorded/ })
})

t.test(
  'an event that starts nothing is kept, shown and told once a day, whatever was the reason',
  async (t) => {
    const { engine, ledger, ask, sent } = await startStage({ [file]: jobText() })
    const expectNothing = async (event: EventRecord, outcome: string, note: RegExp) => {
      t.match(await engine.acceptEvent(event), { known: false, outcome, note, runIds: [] })
      t.match(await engine.acceptEvent(event), { known: true, sameBody: true, outcome, note, runIds: [] })
      t.match((await engine.status()).unusedEvents[0], { id: event.id, outcome, note })
      t.match(await ask(event.id), { answer: outcome === 'refused' ? 'refused' : 'ignored', sentence: note })
    }
    await expectNothing(
      createEvent({}),
      'refused',
      /acme\/ended refuses it: parameter leads \(integer, required\) is missing/,
    )
    await expectNothing(
      createEvent({ leads: 'many' }),
      'refused',
      /leads is "many", which is no whole number/,
    )
    await expectNothing(
      createEvent({ leads: 1, callCenter: 'reno' }),
      'nothing',
      /no call center "reno": it has dallas, tampa/,
    )
    await engine.holds.suspend({ job: 'acme/ended', who: 'ana', why: 'a check' })
    await expectNothing(createEvent({ leads: 1 }), 'nothing', /acme\/ended is suspended by ana/)
    await engine.holds.resume({ job: 'acme/ended', who: 'ana', why: 'done' })
    t.equal((await ledger.runs({ limit: 10 })).length, 0, 'nor does resuming start it')
    t.match(await engine.acceptEvent(createEvent({ leads: 1 })), { outcome: 'started' })
    await until(async () => (await ledger.pendingAlerts()).length === 0)
    await engine.stop()
    const subjects = sent
      .map(({ subject }) => subject)
      .filter((subject) => /event/i.test(subject) || subject === 's')
    t.equal(subjects.length, 3, 'one mail a reason: refused, call center, suspended')
  },
)

t.test('a client without a job that waits for it, and a disabled job, are told apart', async (t) => {
  const { engine } = await startStage({})
  t.match(await engine.acceptEvent(createEvent({ leads: 1 })), {
    outcome: 'nothing',
    note: 'no job of acme waits for campaign.ended',
  })
  const disabled = await startStage({ [file]: jobText('enabled: false\n') })
  t.match(await disabled.engine.acceptEvent(createEvent({ leads: 1 })), { note: 'acme/ended is disabled' })
})

t.test('by hand a job is given its parameters, and told what it takes where they are wrong', async (t) => {
  const { engine, run } = await startStage({ [file]: jobText() })
  const start = (parameters: Record<string, string>) =>
    engine.run({ job: 'acme/ended', callCenter: 'dallas', parameters })
  const [id] = await start({ leads: '4' })
  t.match(await run(id), { trigger: { type: 'manual' }, parameters: { leads: 4, region: 'east' } })
  const wrong: [Record<string, string>, RegExp][] = [
    [
      {},
      /parameter leads .* is missing\. acme\/ended takes leads \(integer, required\); region \(text, default east\)/,
    ],
    [{ leads: 'x' }, /leads is "x", which is no whole number/],
    [{ leads: '1', lead: '2' }, /there is no parameter "lead": there are leads, region/],
  ]
  for (const [given, message] of wrong) await t.rejects(start(given), { code: 'BAD_REQUEST', message })
  await t.rejects(engine.run({ job: 'acme/eod', parameters: { leads: 1 } }), { message: /the job has none/ })
})

t.test('a run made anew keeps its parameters, or says why it does not fit any more', async (t) => {
  const { engine, run, idle, push } = await startStage({ [file]: jobText() })
  const { runIds } = await engine.acceptEvent(createEvent({ leads: 12, callCenter: 'dallas' }))
  await idle()
  const again = { run: runIds[0] ?? '', who: 'ana', why: 'a test' }
  t.match(await run(await engine.rerun(again)), { parameters: { leads: 12, region: 'east' } })
  await idle()
  await push(commitOf('b'), { [file]: jobText('', 'type: integer, max: 5') })
  await t.rejects(engine.rerun(again), { message: /does not fit acme\/ended any more: .*12.* more than 5/ })
})
