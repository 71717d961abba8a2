import '../../fakes/clean-children.ts'
import { join } from 'node:path'
import t from 'tap'
import { rehearsal as parts } from '../../../engine/app.ts'
import { compileJob } from '../../../engine/config/compile.ts'
import { testJob } from '../../../engine/runtime/job-tests.ts'
import { rehearse } from '../../../engine/runtime/rehearsal.ts'
import { load, manifestsFolder, readCase } from '../config/golden.ts'

const config = load(await readCase(join(manifestsFolder, 'ok/cloud-fetch')))
const never = new AbortController().signal

t.test('the tests of a job say which objects lie there, and both edges of the copy are walked', async (t) => {
  const file = 'jobs.d/acme/in.test.yaml'
  const { problem, tests, coverage } = await testJob(parts, config, 'acme/in', file, never)
  t.equal(problem, null)
  t.same(
    tests.map(({ name, differences }) => [name, differences]),
    [
      ['two files', []],
      ['none', []],
    ],
  )
  t.ok(coverage.walked.includes('fetch onEmpty -> end'))
})

t.test('without a word of a test one object lies there, with a name that matches', async (t) => {
  const compiled = compileJob(config, 'acme/in')
  if ('problem' in compiled) throw new Error(compiled.problem.message)
  const { snapshot } = compiled
  const request = { snapshot, revision: 'r', data: { kind: 'made-up', rows: 1 } as const }
  for (const callCenter of ['dallas', 'tampa']) {
    const given = { callCenter, parameters: { region: 'west' } }
    const [run] = await rehearse(parts, { ...request, given }, never)
    t.equal(run!.outcome, 'succeeded', run!.note)
    t.same(
      run!.deliveries.map(({ step, fileName }) => [step, fileName]),
      [
        ['upload', 'leads-west-sample.csv'],
        ['store', 'leads-west-sample.csv'],
        ['mail', 'leads-west-sample.csv'],
      ],
    )
  }
})
