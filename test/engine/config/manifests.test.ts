import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compileJob } from '../../../engine/config/compile.ts'
import { formatProblemLine, sortProblems } from '../../../engine/config/problems.ts'
import { rules } from '../../../engine/config/rules/index.ts'
import { editSmall, load, manifestsFolder, readCase, readFolder } from './golden.ts'

const broken = readdirSync(join(manifestsFolder, 'err'))
const fine = readdirSync(join(manifestsFolder, 'ok'))

t.comment(`${broken.length} broken cases, ${fine.length} fine ones`)

for (const name of broken) {
  t.test(`the broken manifests of ${name} give the expected problems`, async (t) => {
    const folder = join(manifestsFolder, 'err', name)
    const { problems } = load(await readCase(folder))
    const expected = readFileSync(join(folder, 'expected.txt'), 'utf8')
    t.equal(problems.map((problem) => `${formatProblemLine(problem)}\n`).join(''), expected)
    t.same(problems, sortProblems(problems), 'in the order of their places')
    for (const { line, column, endLine, endColumn } of problems) {
      t.ok(
        endLine > line || (endLine === line && endColumn >= column),
        'with an end that is not before its place',
      )
    }
  })
}

for (const name of fine) {
  t.test(`the manifests of ${name} are fine and every job compiles`, async (t) => {
    const config = load(await readCase(join(manifestsFolder, 'ok', name)))
    t.same(config.problems, [])
    t.ok(config.jobFiles.size > 0)
    for (const job of config.jobFiles.keys()) t.hasProp(compileJob(config, job), 'snapshot', job)
  })
}

t.test('every rule has a golden case', async (t) => {
  const told = broken
    .map((name) => readFileSync(join(manifestsFolder, 'err', name, 'expected.txt'), 'utf8'))
    .join('')
  for (const { name } of rules) t.match(told, `[${name}]`, name)
  t.equal(new Set(rules.map(({ name }) => name)).size, rules.length, 'no two rules share a name')
})

t.test('the example config is fine and every job of it compiles', async (t) => {
  const root = join(import.meta.dirname, '../../..')
  const tree = await readFolder(root)
  const config = load(tree, { standard: tree })
  t.same(config.problems.map(formatProblemLine), [])
  t.equal(config.clients.size, 3)
  for (const job of config.jobFiles.keys()) t.hasProp(compileJob(config, job), 'snapshot', job)
})

t.test('a report that stands in place of a standard one does not get its Total row', async (t) => {
  const query = 'templates/reports/call/call-detail/query.sql'
  const totals = 'templates/reports/call/call-detail/totals.sql'
  const standard = new Map(editSmall({ [totals]: 'SELECT NULL AS call_id' }).files)
  const own = editSmall({})
  t.ok(own.files.has(query), 'the small repository has a query of its own')
  t.notOk(load(own, { standard: { ...own, files: standard } }).files.has(totals))
  const without = editSmall({ [query]: null, [query.replace('query.sql', 'report.yaml')]: null })
  t.ok(load(without, { standard: { ...own, files: standard } }).files.has(totals))
})
