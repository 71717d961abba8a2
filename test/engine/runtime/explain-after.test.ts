import t from 'tap'
import type { Ledger } from '../../../engine/core/contracts/ledger.ts'
import { explain } from '../../../engine/runtime/explain.ts'
import { createChain, eod, runsOf } from '../../fakes/chain-stage.ts'
import { until } from '../../fakes/engine-stage.ts'

const slot = '2026-11-20T00:30:00.000Z'

async function answerOf(ledger: Ledger, job: string, asked = slot) {
  const parts = { ledger, whyUnwanted: () => undefined, now: () => new Date('2026-11-22T13:00:00Z') }
  const { answer, sentence, evidence } = await explain(parts as never, job, { slot: asked })
  return { answer, sentence, runs: evidence.map(({ run }) => run) }
}

t.test('a job that follows others is explained by their runs for that moment', async (t) => {
  const { engine, ledger } = await createChain(
    t,
    { next: 'type: after\n  job: eod', bad: 'type: after\n  job: [eod, next]\n  on: failed' },
    async () => ({ ok: true, note: '' }),
  )
  t.match(await answerOf(ledger, 'acme/next'), {
    answer: 'not-due',
    sentence:
      'acme/next was not due at 2026-11-19T18:30:00-06:00: it runs after eod succeeded, and there is no run of acme/eod for that moment',
    runs: [],
  })
  const [id = ''] = await engine.run({ job: eod, slot, callCenter: 'dallas' })
  await until(async () => (await runsOf(ledger, 'next'))[0]?.state === 'succeeded')
  const [next] = await runsOf(ledger, 'next')
  const ran = await answerOf(ledger, 'acme/next')
  t.equal(ran.answer, 'ran')
  t.match(
    ran.sentence,
    `ran for 2026-11-19T18:30:00-06:00: after run ${id} of eod, run ${next?.id} for dallas succeeded`,
  )
  t.same(ran.runs, [next?.id, id], 'with both runs as evidence')

  const idle = await answerOf(ledger, 'acme/bad')
  t.equal(idle.answer, 'not-due')
  t.match(idle.sentence, `it runs after eod or next failed, and acme/eod: run ${id} for dallas succeeded`)
  t.match(idle.sentence, `acme/next: run ${next?.id} for dallas succeeded`)
  await engine.stop()
})

t.test('it says who suspended it, and that a dry run is followed by nothing', async (t) => {
  const { engine, ledger } = await createChain(t, { next: 'type: after\n  job: eod' }, async () => ({
    ok: true,
    note: '',
  }))
  const [dry = ''] = await engine.run({ job: eod, slot, callCenter: 'dallas', dryRun: true })
  await until(async () => (await ledger.run(dry))?.state === 'succeeded')
  t.match(await answerOf(ledger, 'acme/next'), {
    answer: 'not-due',
    sentence: `run ${dry} of acme/eod was a dry run`,
  })
  await engine.holds.suspend({ job: 'acme/next', who: 'ana', why: 'the partner moves' })
  await engine.run({ job: eod, slot, callCenter: 'dallas' })
  await until(async () => (await runsOf(ledger, 'next')).length === 1)
  const held = await answerOf(ledger, 'acme/next')
  t.equal(held.answer, 'skipped')
  t.match(held.sentence, 'suspended by ana: the partner moves')
  await engine.run({ job: 'acme/next', slot, callCenter: 'tampa' })
  await until(async () => (await runsOf(ledger, 'next')).length === 2)
  t.match(await answerOf(ledger, 'acme/next'), { answer: 'skipped', sentence: '; by hand: run ' })
  await engine.stop()
})
