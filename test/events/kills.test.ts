import '../fakes/clean-children.ts'
import t from 'tap'
import { findFaults } from '../../scripts/events/judge.ts'
import { badKinds, createEvent } from '../../scripts/events/requests.ts'
import { runTrial } from '../../scripts/events/trial.ts'

t.test(
  'each event starts exactly one run though it is repeated, reordered and the engine killed; bad ones start nothing',
  async (t) => {
    const report = await runTrial({ folder: t.testdir({}), events: 400, seed: 2, kills: 2, bad: 3, slow: 0 })
    t.same(report.faults, [])
    t.equal(report.unique, 280)
    t.equal(report.runs, 280)
    t.equal((report.statuses[202] ?? 0) + (report.statuses[200] ?? 0), 400)
    for (const { name, status } of badKinds) t.same(report.bad[name], { [status]: 3 }, name)
    t.equal(report.alerts.length, 2, 'the refused and the unused ones are told once each')
  },
)

t.test(
  'the reader of the trial tells a lost run, a doubled one, a strange one and wrong parameters',
  async (t) => {
    const sent = [createEvent(1), createEvent(2), createEvent(3)]
    const run = (index: number, changes = {}) => ({
      id: `r${index}`,
      job: 'acme/ended',
      state: 'succeeded',
      key: JSON.stringify(['/dialer', `ended-${index}`]),
      parameters: JSON.stringify({ leads: index, region: createEvent(index).region }),
      ...changes,
    })
    const event = (index: number) => ({
      client: 'acme',
      id: `ended-${index}`,
      runIds: '["r"]',
      outcome: 'started',
    })
    const fine = { runs: [1, 2, 3].map((index) => run(index)), events: [1, 2, 3].map(event), alerts: [] }
    t.same(findFaults(sent, fine), [])
    const faultsOf = (runs: typeof fine.runs) => findFaults(sent, { ...fine, runs })
    t.match(faultsOf(fine.runs.slice(1)), ['event ended-1 started 0 runs'])
    t.match(faultsOf([...fine.runs, run(3, { id: 'r4' })]), ['event ended-3 started 2 runs'])
    t.match(faultsOf([...fine.runs, run(9)]), [/is no good event/])
    t.match(faultsOf([run(1, { parameters: '{"leads":2}' }), ...fine.runs.slice(1)]), [/has the parameters/])
    t.match(faultsOf([run(1, { state: 'failed' }), ...fine.runs.slice(1)]), [/is failed/])
    t.match(findFaults(sent, { ...fine, events: [] }), [/0 events with runs/])
  },
)
