/** `npm run crash:mutants` takes each guard away and sees a test go red; here, that it still finds them all. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { mutations } from '../../scripts/crash/mutations.ts'

const root = join(import.meta.dirname, '../..')

t.test('each guard that a mutant lacks is in the engine, once, and its test is there', async (t) => {
  for (const { guard, changes, noticedBy } of mutations) {
    for (const { file, from, to } of changes) {
      const text = readFileSync(join(root, file), 'utf8')
      t.equal(text.split(from).length, 2, `${guard}: ${file} holds ${from}`)
      t.not(from, to)
    }
    if ('test' in noticedBy) t.ok(existsSync(join(root, noticedBy.test)), noticedBy.test)
  }
})
