/** Every npm script tells what it takes. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { headOf, usageOf } from '../../scripts/parse-options.ts'

const root = join(import.meta.dirname, '../..')
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}
/** The demo and jobsd have usages of their own, and the words behind `npm test` are tap's. */
const others = ['demo', 'jobsd', 'test']
const own = Object.entries(scripts)
  .filter(([name]) => !others.includes(name))
  .map(([name, command]) => ({ name, file: join(root, command.split(' ').at(-1)!) }))

t.test('each script reads its options in the one way, and its head has its command', async (t) => {
  for (const { name, file } of own) {
    t.match(readFileSync(file, 'utf8'), 'parseOptions(import.meta.filename', name)
    t.match(usageOf(headOf(file)), new RegExp(`^npm run ${name}( |$)`), name)
  }
})

function run(file: string, ...args: string[]) {
  return spawnSync(process.execPath, [file, ...args], { encoding: 'utf8', env: {} })
}

t.test('--help prints what it is for and ends well', async (t) => {
  const { status, stdout, stderr } = run(join(root, 'scripts/tenants/main.ts'), '--help')
  t.same([status, stderr], [0, ''])
  t.match(stdout, /^`npm run fuzz:tenants -- \[--per-client N\].*\n.*Exits 1 where a row/)
})

t.test('what it does not know ends with its usage, not with a stack', async (t) => {
  const cases: [args: string[], message: RegExp][] = [
    [['--sede', '1'], /^Unknown option '--sede'/],
    [['--seed'], /^Option '--seed <value>' argument missing/],
    [['word'], /^Unexpected argument 'word'/],
  ]
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = run(join(root, 'scripts/tenants/main.ts'), ...args)
    t.same([status, stdout], [2, ''], args.join(' '))
    t.match(stderr, message)
    t.match(stderr, /\nusage: npm run fuzz:tenants -- \[--per-client N\] \[--reports N\] \[--seed N\]\n$/)
    t.notMatch(stderr, /^\s+at /m)
  }
  const { status, stderr } = run(join(root, 'scripts/oracle/main.ts'), '--full')
  t.same([status, stderr], [2, "Unknown option '--full'.\n\nusage: npm run oracle\n"])
})
