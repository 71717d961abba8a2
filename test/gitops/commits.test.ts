import '../fakes/clean-children.ts'
import t from 'tap'
import { engineFolder } from '../../scripts/gitops/load-engine.ts'
import { runTrial } from '../../scripts/gitops/trial.ts'

for (const seed of [11]) {
  t.test(
    `the engine does what the model says over 25 commits of seed ${seed}, a fifth of them broken`,
    async (t) => {
      const counts = await runTrial({ commits: 25, seed, folder: t.testdir({}), engine: engineFolder })
      t.same(counts.mismatches, [])
      t.ok(counts.broken > 0, 'some were broken')
      t.ok(counts.restarts > 0, 'the engine was started again')
      t.ok(counts.holds > 0, 'jobs were held')
      t.ok(counts.slots > 100, 'there were slots')
      t.ok(counts.files > 5, 'files were dropped')
    },
  )
}
