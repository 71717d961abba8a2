import t from 'tap'
import { literalStart, matchesKey } from '../../../engine/core/key-match.ts'

t.test('a pattern of keys', async (t) => {
  const cases: [pattern: string, key: string, matches: boolean][] = [
    ['*.csv', 'a.csv', true],
    ['*.csv', 'a/b.csv', false],
    ['*/*.csv', 'a/b.csv', true],
    ['*/*.csv', 'a/b/c.csv', false],
    ['leads-?.csv', 'leads-1.csv', true],
    ['leads-?.csv', 'leads-/.csv', false],
    ['a/b.csv', 'a/b.csv', true],
    ['*', '.hidden', false],
    ['.*', '.hidden', true],
    ['*/x', '.git/x', false],
    ['*', '', true],
    ['A*', 'a', false],
  ]
  for (const [pattern, key, matches] of cases) {
    t.equal(matchesKey(pattern, key), matches, `${pattern} and ${key}`)
    if (matches) t.ok(key.startsWith(literalStart(pattern)), 'what is listed has it')
  }
})
