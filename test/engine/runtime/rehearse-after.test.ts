import '../../fakes/clean-children.ts'
import { join } from 'node:path'
import t from 'tap'
import { rehearsal as parts } from '../../../engine/app.ts'
import { compileJob } from '../../../engine/config/compile.ts'
import type { JobId, Snapshot } from '../../../engine/core/model.ts'
import { rehearse } from '../../../engine/runtime/rehearsal.ts'
import { load, manifestsFolder, readCase } from '../config/golden.ts'

const config = load(await readCase(join(manifestsFolder, 'ok/after-a-campaign')))

function snapshotOf(job: JobId): Snapshot {
  const compiled = compileJob(config, job)
  if ('problem' in compiled) throw new Error(compiled.problem.message)
  return compiled.snapshot
}

t.test(
  'a job that follows a campaign is rehearsed with the campaign that its chain began with',
  async (t) => {
    const namesOf = async (given: object) => {
      const request = { snapshot: snapshotOf('acme/last'), revision: 'r', given }
      const data = { kind: 'made-up', rows: 2 } as const
      const runs = await rehearse(parts, { ...request, data }, new AbortController().signal)
      t.match(runs, [{ outcome: 'succeeded', path: ['build', 'upload'] }])
      return runs.flatMap(({ deliveries }) => deliveries.map((sent) => ('name' in sent ? sent.name : sent)))
    }
    t.match(JSON.stringify(await namesOf({})), 'acme_last_sample.csv', 'a plausible one')
    const campaign = { id: 'c7', name: 'Spring', start: '2026-01-05T08:00:00Z', end: '2026-01-05T16:00:00Z' }
    t.match(JSON.stringify(await namesOf({ event: { data: { campaign } } })), 'acme_last_c7.csv')
  },
)
