import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { loadAssets, renderSharedPages } from '../../engine/catalog/pages.ts'
import { clientView } from '../../engine/catalog/views.ts'
import { readInput, writeInput } from '../../scripts/catalog/bench-input.ts'
import { benchWorld } from '../../scripts/catalog/bench-world.ts'
import { translateTemplate } from '../../scripts/catalog/hugo-template.ts'
import { timeResident } from '../../scripts/catalog/resident.ts'

t.test('the list of 10,000 jobs with all that it loads weighs at most 300 kB', async (t) => {
  const files = new Map([...loadAssets(), ...renderSharedPages(clientView(benchWorld('weight', 10_000, 1)))])
  const weights = ['index.html', 'assets/catalog.css', 'assets/catalog.js', 'assets/jobs.js'].map((path) => {
    const content = files.get(path)
    if (content === undefined) throw new Error(`no ${path}`)
    return gzipSync(content).length
  })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  t.ok(total < 300_000, `${total} bytes compressed`)
  t.ok(total > 100_000, 'all jobs are in it')
})

t.test('one job’s news rewrites its page and the list, however many jobs there are', async (t) => {
  const { files, updateMs } = await timeResident(benchWorld('news', 1200, 1), t.testdir({}), 5)
  t.equal(updateMs.length, 5)
  t.ok(files >= 3 && files <= 4, `${files}: its page, index.html, the list’s page and the filter’s index`)
})

t.test('the bench measures what it says', async (t) => {
  const input = benchWorld('same', 30, 3)
  const path = join(t.testdir({}), 'input')
  writeInput(path, input)
  t.equal(readFileSync(path, 'utf8').split('\n').length, 32, 'a line for the client, one for each job')
  t.strictSame(
    [...renderSharedPages(clientView(readInput(path)))],
    [...renderSharedPages(clientView(input))],
    'the file holds all that is known',
  )
  for (const name of ['index', 'job', 'calendar', 'reports', 'report', 'help']) {
    const hugo = translateTemplate(name)
    t.notMatch(hugo, /\{\{[#/>@]/, `${name} is Hugo's`)
    t.equal(hugo.match(/\{\{ (if|range|with)/g)?.length ?? 0, hugo.match(/\{\{ end/g)?.length ?? 0)
  }
})
