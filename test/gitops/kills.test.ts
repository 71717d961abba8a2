import '../fakes/clean-children.ts'
import t from 'tap'
import { runKills } from '../../scripts/gitops/kill-rounds.ts'

t.test(
  'a job of an engine that was killed has the old version or the new one, and the new one after the next start',
  async (t) => {
    const counts = await runKills({ folder: t.testdir({}), rounds: 6, seed: 4, jobs: 200 })
    t.same(counts.wrong, [])
    t.equal(counts.rounds, 6)
    t.equal(counts.before + counts.inside + counts.after, 6)
    t.ok(counts.inside + counts.after > 0, 'not all of them came too early')
  },
)
