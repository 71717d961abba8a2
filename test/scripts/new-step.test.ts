import '../fakes/clean-children.ts'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '../..')
const copy = t.testdir({})
for (const name of [
  'engine',
  'schemas',
  'docs',
  'scripts',
  'templates',
  'test',
  'package.json',
  'tsconfig.json',
  'biome.json',
  '.gitignore',
]) {
  const isWanted = (path: string) =>
    !/node_modules|[/\\]\.tap|[/\\]testdir|[/\\]pictures|\.d\.mts$/.test(path.slice(root.length))
  cpSync(join(root, name), join(copy, name), { recursive: true, filter: isWanted })
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
const script = join(copy, 'scripts/new/main.ts')

const make = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
  return { status, stdout, stderr }
}
const read = (path: string) => readFileSync(join(copy, path), 'utf8')

t.test('what is no step type is refused and nothing is made', async (t) => {
  for (const args of [
    [],
    ['step'],
    ['trigger', 'x'],
    ['step', 'Wait'],
    ['step', '../x'],
    ['step', 'a', 'b'],
  ]) {
    t.match(make(...args), { status: 2, stderr: /^usage: npm run new step <type>/ }, args.join(' '))
  }
  t.match(make('step', 'email'), { status: 1, stderr: /schemas\/steps\/email\.json is there already/ })
  t.notOk(existsSync(join(copy, 'engine/steps/x.ts')))
})

t.test('a new step type is complete: lists, types, words and a test that passes', async (t) => {
  const { status, stdout, stderr } = make('step', 'house-archive')
  t.equal(status, 0, stderr)
  t.match(stdout, /new +schemas\/steps\/house-archive\.json\nnew +engine\/steps\/house-archive\.ts/)
  t.match(read('engine/core/manifest.ts'), /interface HouseArchiveStep/)
  t.match(read('engine/core/step-traits.ts'), /"house-archive": \{"title":"House Archive"/)
  t.match(read('docs/manifest.md'), /#### `house-archive`\n\nHouse Archive\. /)
  const listed = `import { rehearsedStepTypes } from ${JSON.stringify(join(copy, 'engine/steps/index.ts'))}
console.log(rehearsedStepTypes.map(({ type }) => type).join())`
  const types = execFileSync(process.execPath, ['--input-type=module', '-e', listed], { encoding: 'utf8' })
  t.ok(types.trim().split(',').includes('house-archive'))
  const own = spawnSync(process.execPath, [join(copy, 'test/engine/steps/house-archive.test.ts')], {
    encoding: 'utf8',
  })
  t.match(own, { status: 0, stdout: /ok 1 - looks at each file that it is given/ })
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const made = [
    'engine/steps/house-archive.ts',
    'engine/steps/index.ts',
    'test/engine/steps/house-archive.test.ts',
    'schemas/steps/house-archive.json',
    'schemas/job.json',
  ]
  const checked = spawnSync(process.execPath, [biome, 'check', '--vcs-enabled=false', ...made], {
    cwd: copy,
    encoding: 'utf8',
  })
  t.equal(checked.status, 0, checked.stdout + checked.stderr)
})
