import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig, loadConfigAside } from '../../../engine/config/load.ts'
import { createManifestReader } from '../../../engine/config/manifest-reader.ts'
import type { SourceTree } from '../../../engine/core/contracts/config-source.ts'
import { generateRepository } from '../../../scripts/bench/config-repository.ts'
import '../../fakes/clean-children.ts'
import { editSmall, load, manifestsFolder, readCase, readFolder, textFile } from './golden.ts'

const nothing: SourceTree = { revision: 'none', files: new Map() }
const eod = 'jobs.d/acme/eod.yaml'
const root = await readFolder(join(import.meta.dirname, '../../..'))
const hanging = new URL('../../fakes/hanging-parse-worker.ts', import.meta.url)

function generate(jobs: number): SourceTree {
  const files = [...generateRepository(jobs)].map(([path, text]) => [path, textFile(text)] as const)
  return { revision: 'generated', files: new Map(files) }
}

t.test('after a change of one file only that file is parsed again', async (t) => {
  const tree = { revision: 'all', files: new Map([...root.files, ...generate(200).files]) }
  const reader = createManifestReader()
  const first = await loadConfigAside(tree, { standard: nothing, reader })
  t.same(first.problems, [])
  t.equal(first.jobs.size, 200 + [...root.files.keys()].filter((path) => isJob(path)).length)
  const parsed = reader.counts.quick + reader.counts.whole
  t.ok(parsed > 200)
  await loadConfigAside(tree, { standard: nothing, reader })
  t.equal(reader.counts.quick + reader.counts.whole, parsed, 'nothing is parsed where nothing changed')

  const path = 'jobs.d/client-0002/job-03.yaml'
  const text = new TextDecoder().decode(tree.files.get(path)!.content)
  for (const changed of [text.replace('format: csv', 'format: cvs'), `${text}more: !x [1,\n`]) {
    const files = new Map([...tree.files, [path, textFile(changed)]])
    const before = reader.counts.quick + reader.counts.whole
    const config = await loadConfigAside({ revision: 'changed', files }, { standard: nothing, reader })
    t.equal(reader.counts.quick + reader.counts.whole, before + 1)
    t.same(config.problems, loadConfig({ revision: 'changed', files }, { standard: nothing }).problems)
    t.match(config.problems, [{ file: path }])
  }
})

function isJob(path: string): boolean {
  return /^jobs\.d\/(?!platform)[^/]+\/[^/]+\.yaml$/.test(path) && !/client\.yaml$|\.test\.yaml$/.test(path)
}

t.test('a file that comes back, moves or is doubled is told at its own path', async (t) => {
  const reader = createManifestReader()
  const broken = 'kind: Job\nname: [x\n'
  const at = async (paths: string[]) => {
    const tree = editSmall(Object.fromEntries(paths.map((path) => [path, broken])))
    const { problems } = await loadConfigAside(tree, { standard: nothing, reader })
    return problems.map(({ file }) => file)
  }
  t.same(await at(['jobs.d/acme/x.yaml']), ['jobs.d/acme/x.yaml'])
  t.same(await at(['jobs.d/acme/y.yaml', 'jobs.d/acme/z.yaml']), ['jobs.d/acme/y.yaml', 'jobs.d/acme/z.yaml'])
  t.equal(reader.counts.whole, 1)
  await at([])
  await at([])
  t.same(await at(['jobs.d/acme/x.yaml']), ['jobs.d/acme/x.yaml'])
  t.equal(reader.counts.whole, 2, 'what was gone for a while is forgotten')
})

t.test('a job that stays the same is checked against the calendar that changed', async (t) => {
  const { files } = generate(1)
  const edit = (path: string, words: [from: string, to: string][]) => {
    const text = new TextDecoder().decode(files.get(path)!.content)
    return [path, textFile(words.reduce((edited, [from, to]) => edited.replace(from, to), text))] as const
  }
  const saturdays: [string, string][] = [
    ['* * *"', '* * 6"'],
    ['onHoliday: next', 'onHoliday: skip'],
  ]
  const job = edit('jobs.d/client-0000/job-00.yaml', saturdays)
  const calendar = edit('jobs.d/platform/calendars/us-business.yaml', [['[sat, sun]', '[sun]']])
  const reader = createManifestReader()
  const rulesOf = async (changes: (typeof job)[]) => {
    const tree = { revision: 'changed', files: new Map([...files, ...changes]) }
    const { problems } = await loadConfigAside(tree, { standard: root, reader })
    return problems.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)
  }
  t.same(await rulesOf([job, calendar]), [])
  t.same(await rulesOf([job]), ['never-due'])
})

t.test('the golden cases have the same problems beside the event loop', async (t) => {
  const names = readdirSync(join(manifestsFolder, 'err'))
  const reader = createManifestReader()
  for (const name of names.filter((_, index) => index % 12 === 0)) {
    const tree = await readCase(join(manifestsFolder, 'err', name))
    const aside = await loadConfigAside(tree, { standard: nothing, reader })
    t.same(aside.problems, load(tree).problems, name)
  }
})

t.test('a repository without problems is checked without looking for a place', async (t) => {
  const reader = createManifestReader()
  const { problems } = loadConfig(generate(100), { standard: root, reader })
  t.same(problems, [])
  t.match(reader.counts, { whole: 0, placed: 0 }, 'a rule that needs a place needs it only for a problem')
})

t.test('a manifest that takes too long is a problem of its own, and the others go on', async (t) => {
  const slow = 'jobs.d/acme/slow.yaml'
  const tree = editSmall({
    [slow]: 'a: !hang\n',
    [eod]: (text) => `${text}!x more: 1\n`,
    'jobs.d/acme/zoo.yaml': 'a: !x\n',
  })
  const limited: string[] = []
  const reader = createManifestReader({
    module: hanging,
    startLimit(file, onEnd) {
      limited.push(file)
      if (file === slow) onEnd()
      return () => undefined
    },
  })
  const { problems, jobs } = await loadConfigAside(tree, { standard: nothing, reader })
  t.same(limited, [eod, slow, 'jobs.d/acme/zoo.yaml'])
  t.match(
    problems.map(({ file, rule }) => `${file} ${rule}`),
    [`${eod} yaml`, `${slow} too-slow`, 'jobs.d/acme/zoo.yaml yaml'],
  )
  t.match(problems[1], { line: 1, column: 1, severity: 'error', message: /longer than 2 s/ })
  t.equal(jobs.size, 0)
  await loadConfigAside(tree, { standard: nothing, reader })
  t.equal(limited.length, 3, 'it is not tried again while it stays as it is')
})

t.test('a manifest that needs too much memory is a problem, a bug of the parser is not hidden', async (t) => {
  const reader = () => createManifestReader({ module: hanging, startLimit: () => () => undefined })
  const big = editSmall({ 'jobs.d/acme/big.yaml': 'a: !grow\n' })
  const { problems } = await loadConfigAside(big, { standard: nothing, reader: reader() })
  t.match(problems, [{ rule: 'too-slow', message: /too much memory/ }])
  const odd = editSmall({ 'jobs.d/acme/odd.yaml': 'a: !fail\n' })
  await t.rejects(loadConfigAside(odd, { standard: nothing, reader: reader() }), {
    message: 'a bug in the parser',
  })
})
