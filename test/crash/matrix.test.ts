/** The crash matrix in small; `npm run crash` runs it whole. */
import { join } from 'node:path'
import '../fakes/clean-children.ts'
import t from 'tap'
import { kindOf } from '../../scripts/crash/choose-points.ts'
import { type MatrixEnd, runMatrix } from '../../scripts/crash/matrix.ts'

t.setTimeout(300_000)

let matrix: MatrixEnd

t.before(async () => {
  const root = join(import.meta.dirname, '../..')
  const order = { root, points: 12, kills: 5, seed: 20261123, processes: 2 }
  matrix = await runMatrix(order, (text) => t.comment(text))
})

t.test('an engine that is killed at any crash point loses nothing and doubles nothing', async (t) => {
  t.same(matrix.whole.faults, [], 'without a crash')
  t.equal(matrix.trials.length, 12)
  t.equal(new Set(matrix.chosen.map(kindOf)).size, 12, 'each of another kind')
  t.ok(matrix.trials.filter(({ crashes }) => crashes > 0).length >= 10, 'all but a few were met again')
  for (const { order, faults } of matrix.trials) t.same(faults, [], `killed at ${order.crashAt}`)
})

t.test('kills at random moments while work keeps coming lose nothing and double nothing', async (t) => {
  t.equal(matrix.kills?.kills, 5)
  t.same(matrix.kills?.faults, [])
})
