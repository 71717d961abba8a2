import '../../fakes/clean-children.ts'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { runCommand } from '../../fakes/command-line.ts'

const main = join(import.meta.dirname, '../../../engine/main.ts')

/** Runs the command line as a process that has nothing but its PATH. */
function jobsd(dir: string, ...args: string[]) {
  return spawnSync(process.execPath, [main, ...args], {
    cwd: dir,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  })
}

const listYaml = (dir: string) =>
  readdirSync(join(dir, 'jobs.d'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.yaml'),
  )

t.test('a fresh repository is valid, its tests pass, and its example runs without a server', async (t) => {
  const dir = join(t.testdir(), 'a "new" folder: #1')
  const { exitCode, out } = await runCommand(['init', dir], { now: new Date().toISOString() })
  t.equal(exitCode, 0, out)
  t.match(jobsd(dir, 'validate', '--strict'), { status: 0, stdout: 'fine: 2 jobs of 1 client\n' })
  const tests = jobsd(dir, 'test')
  t.equal(tests.status, 0, tests.stdout)
  t.match(tests.stdout, /6 of 6 edges walked/)
  const run = jobsd(dir, 'run', 'example/eod-call-detail')
  t.equal(run.status, 0, run.stderr)
  const reports = join(dir, 'sample/deliveries/reports')
  const files = readdirSync(reports).sort()
  t.match(files, [
    /^example_dallas_eod-call-detail_\d{8}\.csv$/,
    /^example_tampa_eod-call-detail_\d{8}\.csv$/,
  ])
  t.match(readFileSync(join(reports, files[0] ?? ''), 'utf8'), /\ndallas-\d{4},example,dallas,Collections,/)
})

t.test('editors find the schema of every manifest within the repository', async (t) => {
  const dir = join(t.testdir(), 'config')
  await runCommand(['init', dir])
  const paths = listYaml(dir)
  t.ok(paths.length >= 9)
  for (const path of paths) {
    const file = join(dir, 'jobs.d', path)
    const [, schema = ''] = /^# yaml-language-server: \$schema=(.+)\n/.exec(readFileSync(file, 'utf8')) ?? []
    t.ok(existsSync(join(dirname(file), schema)), `${path} ${schema}`)
  }
  const references = readdirSync(join(dir, 'schemas'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .flatMap((path) =>
      [...readFileSync(join(dir, 'schemas', path), 'utf8').matchAll(/"\$ref": "([^#"]+)/g)].map(
        ([, reference = '']) => join(dir, 'schemas', dirname(path), reference),
      ),
    )
  t.same(
    references.filter((path) => !existsSync(path)),
    [],
    'and each schema finds what it refers to',
  )
})

t.test('a fresh repository takes a new client and job at once', async (t) => {
  const dir = join(t.testdir(), 'config')
  await runCommand(['init', dir])
  const client =
    'new client acme --title Acme --timezone America/New_York --call-centers boston --connections deliveries'
  t.equal((await runCommand([...client.split(' '), '--dir', dir])).exitCode, 0)
  const job = 'new job --client acme --report call/call-detail --scope client --frequency eod --delivery sftp'
  t.equal((await runCommand([...job.split(' '), '--dir', dir])).exitCode, 0)
  t.match(await runCommand(['validate', dir, '--strict']), { exitCode: 0, out: 'fine: 4 jobs of 2 clients' })
  t.match(
    readFileSync(join(dir, 'jobs.d/platform/connections/dropbox-acme.yaml'), 'utf8'),
    `path: ${dir}/sample/dropbox/acme\n`,
  )
})

t.test('a folder that is not empty is left as it is; one with only .git is empty', async (t) => {
  const dir = t.testdir({ '.git': {}, 'mine.txt': 'x' })
  const refused = await runCommand(['init', dir])
  t.equal(refused.exitCode, 2)
  t.match(refused.err, /is not empty \(mine\.txt\); nothing was written/)
  t.same(readdirSync(dir).sort(), ['.git', 'mine.txt'])
  t.equal((await runCommand(['init', join(dir, 'mine.txt')])).exitCode, 2)
  rmSync(join(dir, 'mine.txt'))
  t.equal((await runCommand(['init', dir])).exitCode, 0)
})

t.test('--ci brings the checks of a forge', async (t) => {
  for (const [forge, file] of [
    ['github', '.github/workflows/jobsd-plan.yml'],
    ['gitlab', '.gitlab-ci.yml'],
  ] as const) {
    const dir = join(t.testdir(), forge)
    t.equal((await runCommand(['init', dir, '--ci', forge])).exitCode, 0)
    t.ok(existsSync(join(dir, file)))
  }
})

t.test('--schemas brings the schemas up to date and touches nothing else', async (t) => {
  const dir = join(t.testdir(), 'config')
  await runCommand(['init', dir])
  writeFileSync(join(dir, 'schemas/job.json'), '{}')
  mkdirSync(join(dir, 'schemas/old'))
  writeFileSync(join(dir, 'schemas/old/gone.json'), '{}')
  writeFileSync(join(dir, 'README.md'), 'mine')
  const { out } = await runCommand(['init', '--schemas', '--json', dir])
  t.same(JSON.parse(out).files, ['schemas/job.json', 'schemas/old/gone.json'])
  t.notOk(existsSync(join(dir, 'schemas/old/gone.json')))
  t.equal(readFileSync(join(dir, 'README.md'), 'utf8'), 'mine')
  t.match((await runCommand(['init', '--schemas', dir])).out, /up to date/)
  t.equal((await runCommand(['init', '--schemas', join(dir, 'sample')])).exitCode, 2)
})
