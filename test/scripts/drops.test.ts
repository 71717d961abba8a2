/** The drops of `npm run drops`, few of them: what their judge says must be worth something, and they must come out well. */
import { join } from 'node:path'
import '../fakes/clean-children.ts'
import t from 'tap'
import { judge } from '../../scripts/drops/judge.ts'
import { isMissing } from '../../scripts/drops/places.ts'
import { runTrial } from '../../scripts/drops/trial.ts'
import type { Posted } from '../../scripts/drops/writers.ts'

t.test('the judge of the drops finds what is lost, doubled, torn, or not whole', (t) => {
  const posted = (rule: Posted['rule'], sha256: string, fate: Posted['fate']): Posted => ({
    rule,
    path: `/${rule}/${sha256}`,
    sha256,
    size: 1,
    fate,
  })
  const run = (path: string, sha256: string, state = 'succeeded') => ({
    run: `run-${sha256}`,
    path,
    sha256,
    state,
    createdAt: '',
    startedAt: null,
  })
  const files = [
    posted('done', 'a', 'complete'),
    posted('done', 'b', 'half'),
    posted('renamed', 'c', 'replaced'),
  ]
  const stored = new Set(['a', 'b', 'c', 'x'])
  const faults = (runs: ReturnType<typeof run>[], archived: string[]) =>
    judge(files, runs, stored, archived).faults.length
  t.equal(faults([run('/done/a', 'a')], ['a']), 0)
  t.equal(faults([run('/done/a', 'a'), run('/renamed/c', 'c')], ['a', 'c']), 0, 'a replaced one may have run')
  t.equal(faults([], []), 1, 'lost')
  t.equal(faults([run('/done/a', 'a'), run('/done/a', 'a')], ['a']), 1, 'doubled')
  t.equal(faults([run('/done/a', 'a'), run('/done/b', 'b')], ['a', 'b']), 2, 'half, and torn')
  t.equal(faults([run('/done/a', 'a'), run('/sum/x', 'x')], ['a', 'x']), 1, 'torn')
  t.equal(faults([run('/done/a', 'a'), run('/stable/x', 'x')], ['a']), 0, 'the weakest rule may be torn')
  t.equal(faults([run('/done/a', 'a')], ['a', 'a']), 1, 'archived twice')
  t.equal(faults([run('/done/a', 'a', 'failed')], ['a']), 1)
  t.equal(judge(files, [run('/done/a', 'a')], new Set(), ['a']).faults.length, 1, 'its artifact is not whole')
  t.end()
})

t.test('dropped files are whole runs, exactly one each, through a kill', async (t) => {
  const base = t.testdir()
  const places = [isMissing('openssh') ? 'npm' : 'openssh', 'local'] as const
  const trials = places.map((place) =>
    runTrial({
      folder: join(base, place),
      place,
      files: 80,
      seed: 3,
      kills: 1,
      singles: 0,
      say: () => undefined,
    }),
  )
  for (const [index, result] of (await Promise.all(trials)).entries()) {
    t.same(result.faults, [], places[index] ?? '')
    t.equal(result.killed, 1)
    t.ok(result.complete > 60)
    t.ok(result.runs >= result.complete)
  }
})
