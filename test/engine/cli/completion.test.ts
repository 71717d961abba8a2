import '../../fakes/clean-children.ts'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCommand } from '../../fakes/command-line.ts'

const { out: script } = await runCommand(['completion', 'bash'])
const noBash = spawnSync('bash', ['-c', 'true']).status === 0 ? false : 'there is no bash'

/** What a Tab at the end of the line offers in a folder. */
function complete(dir: string, line: string): string[] {
  const words = line.split(' ')
  const { stdout, stderr, status } = spawnSync(
    'bash',
    [
      '--norc',
      '-c',
      `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _jobsd; printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      ...words,
    ],
    { cwd: dir, encoding: 'utf8', env: { PATH: process.env.PATH } },
  )
  if (status !== 0 || stderr !== '') throw new Error(stderr)
  return stdout.split('\n').filter(Boolean)
}

function createRepository(t: Test): string {
  const acme = { 'client.yaml': '', 'eod-calls.yaml': '', 'eod-calls.test.yaml': '', 'weekly.yaml': '' }
  const platform = { 'settings.yaml': '', connections: { 'mail.yaml': '' }, calendars: { 'us.yaml': '' } }
  return t.testdir({ 'jobs.d': { acme, borealis: { 'client.yaml': '', 'nightly.yaml': '' }, platform } })
}

t.test('without a shell the three are named', async (t) => {
  t.match(await runCommand(['completion']), { exitCode: 2, err: /say bash, zsh or fish$/m })
})

t.test('bash takes the script', { skip: noBash }, async (t) => {
  t.match(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' }), { status: 0, stderr: '' })
})

t.test('commands, options, values and names are completed', { skip: noBash }, async (t) => {
  const dir = createRepository(t)
  const expected: [string, string[]][] = [
    ['jobsd fore', ['forecast']],
    ['jobsd new ', ['client', 'job', 'connection', 'calendar']],
    ['jobsd new job --freq', ['--frequency']],
    ['jobsd new job --frequency w', ['weekly']],
    ['jobsd --json run ac', ['acme/eod-calls', 'acme/weekly']],
    ['jobsd run --call-center run b', ['borealis/nightly']],
    ['jobsd forecast --client ', ['acme', 'borealis']],
    ['jobsd forecast --job acme/w', ['acme/weekly']],
    ['jobsd new job --calendar ', ['us']],
    ['jobsd new job --connection m', ['mail']],
    ['jobsd new job --report call/call-', ['call/call-detail']],
    ['jobsd completion ', ['bash', 'zsh', 'fish']],
    ['jobsd validate jo', ['jobs.d']],
    ['jobsd nothing --', ['--version', '--json', '--help']],
  ]
  for (const [line, words] of expected) t.same(complete(dir, line), words, line)
  t.same(complete(join(dir, 'jobs.d/acme'), 'jobsd run acme/w'), ['acme/weekly'], 'also further down')
  t.same(complete('/', 'jobsd run '), [], 'and nothing where there is no jobs.d')
})

t.test('a file name is never read as code', { skip: noBash }, async (t) => {
  const dir = createRepository(t)
  for (const name of ['$(touch hacked)', '`touch hacked`', 'a b', '*']) {
    writeFileSync(join(dir, 'jobs.d/acme', `${name}.yaml`), '')
    mkdirSync(join(dir, 'jobs.d', name))
    writeFileSync(join(dir, 'jobs.d', name, 'client.yaml'), '')
  }
  t.same(complete(dir, 'jobsd run a'), ['acme/eod-calls', 'acme/weekly'])
  t.same(complete(dir, 'jobsd forecast --client '), ['acme', 'borealis'])
  t.notOk(existsSync(join(dir, 'hacked')))
})

t.test('zsh and fish get a script with every command; another shell is a usage error', async (t) => {
  for (const shell of ['zsh', 'fish']) {
    const { out, exitCode } = await runCommand(['completion', shell])
    t.equal(exitCode, 0)
    for (const word of ['validate', 'forecast', 'frequency', 'call/call-detail']) t.match(out, word)
  }
  t.equal((await runCommand(['completion', 'tcsh'])).exitCode, 2)
})
