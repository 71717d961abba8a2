import t, { type Test } from 'tap'
import { describeUncoded } from '../../../engine/runtime/step-codes.ts'
import {
  commitOf,
  createGitStage,
  type Edits,
  eodFile,
  type StageChanges,
  settingsFile,
} from '../../fakes/engine-stage.ts'
import { editSmall } from '../config/golden.ts'

const stepType = 'apiVersion: jobsd/v1\nkind: StepType\nname: line-check\ntitle: Line check\n'
const custom = '  - { name: check, type: custom, uses: line-check }\n'
const own: Edits = {
  [eodFile]: (text) => text.replace('steps:\n', `steps:\n${custom}`),
  'jobs.d/platform/step-types/line-check.yaml': stepType,
  'jobs.d/platform/clients/acme.yaml': (text) => `${text}stepTypes: [line-check]\n`,
}
const message = 'the engine was started without the code of the step type line-check: check would fail'

/** An engine whose job has a step of the operators' own. */
async function startOwn(t: Test, changes: StageChanges) {
  const stage = createGitStage(t, changes)
  stage.state.tree = { ...editSmall(own), revision: commitOf('a') }
  await stage.engine.start({ triggers: true })
  t.teardown(() => stage.engine.stop())
  const warnings = () =>
    stage.log.lines.flatMap((line, index) =>
      line.includes('without the code') ? [{ line, fields: stage.log.fields[index] }] : [],
    )
  return { ...stage, warnings }
}

t.test('an engine without the code of a step type says so at its start, and stays ready', async (t) => {
  const { engine, job, warnings } = await startOwn(t, { stepCodes: new Set(['virus-scan']) })
  t.match(warnings(), [
    {
      fields: { job: 'acme/eod', stepTypes: ['line-check'] },
      line: `warn: ${message}; name its module by --steps`,
    },
  ])
  t.match(await job('acme/eod'), { sync: 'Synced', health: 'Degraded', reason: 'StepCodeMissing', message })
  t.equal(engine.isReady(), true)
})

t.test('it says so again for another version of the job, and for no other change', async (t) => {
  const { push, warnings } = await startOwn(t, { stepCodes: new Set() })
  await push(commitOf('b'), { ...own, [settingsFile]: (text) => `${text}maxRuns: 3\n` })
  t.equal(warnings().length, 1)
  const retitled = (text: string) =>
    text.replace(/^title: .*/m, 'title: Another').replace('steps:\n', `steps:\n${custom}`)
  await push(commitOf('c'), { ...own, [eodFile]: retitled })
  t.equal(warnings().length, 2)
})

t.test('a job that lost its last such step, or is turned off, is not told of', async (t) => {
  const { push, job, warnings } = await startOwn(t, { stepCodes: new Set() })
  await push(commitOf('b'), {})
  t.match(await job('acme/eod'), { health: 'Healthy', message: '' })
  const disabled = (text: string) => `${text.replace('steps:\n', `enabled: false\nsteps:\n${custom}`)}`
  await push(commitOf('c'), { ...own, [eodFile]: disabled })
  t.match(await job('acme/eod'), { health: 'Suspended', reason: 'Disabled', message })
  t.equal(warnings().length, 1)
})

t.test('an engine with the code, and a reader that cannot know, say nothing', async (t) => {
  for (const changes of [{ stepCodes: new Set(['line-check']) }, {}]) {
    await t.test(JSON.stringify(Object.keys(changes)), async (t) => {
      const { job, warnings } = await startOwn(t, changes)
      t.match(await job('acme/eod'), { health: 'Healthy', reason: 'Applied', message: '' })
      t.same(warnings(), [])
    })
  }
})

t.test('several steps and types are told in one sentence', async (t) => {
  const step = (name: string, uses: string) => ({ name, type: 'custom', uses })
  const manifest = { steps: [step('a', 'scan'), step('b', 'archive'), step('c', 'scan')] } as never
  t.equal(
    describeUncoded({ manifest }, new Set()),
    'the engine was started without the code of the step types scan, archive: a, b, c would fail',
  )
  t.equal(describeUncoded({ manifest }, new Set(['scan', 'archive'])), '')
})
