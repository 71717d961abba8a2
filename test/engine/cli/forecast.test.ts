import '../../fakes/clean-children.ts'
import { spawnSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ForecastSlot } from '../../../engine/core/forecast.ts'
import { runCommand } from '../../fakes/command-line.ts'

const small = join(import.meta.dirname, '../../manifests/ok/small')

interface Planned {
  cron: string
  timezone?: string
  onHoliday?: string
  scope?: string
  enabled?: boolean
  trigger?: string
}

/** The small repository with these jobs of acme besides its own, which are switched off. */
function createRepository(t: Test, jobs: Record<string, Planned>): string {
  const dir = join(t.testdir(), 'config')
  cpSync(small, dir, { recursive: true })
  writeFileSync(join(dir, 'jobs.d/acme/eod.yaml'), jobText('eod', { cron: '0 6 * * *', enabled: false }))
  for (const [name, job] of Object.entries(jobs)) {
    writeFileSync(join(dir, `jobs.d/acme/${name}.yaml`), jobText(name, job))
  }
  writeFileSync(
    join(dir, 'jobs.d/platform/calendars/us-business.yaml'),
    `apiVersion: jobsd/v1
kind: Calendar
name: us-business
title: US
weekends: [sat, sun]
holidays: [{ date: "2026-09-07", title: Labor Day }]
`,
  )
  return dir
}

function jobText(
  name: string,
  { cron, timezone = 'America/Chicago', onHoliday, scope = 'client', enabled = true, trigger }: Planned,
): string {
  const calendar = onHoliday ? `\n      calendar: us-business\n      onHoliday: ${onHoliday}` : ''
  const scheduled = `
  type: scheduled
  schedules:
    - name: main
      cron: "${cron}"
      timezone: ${timezone}${calendar}`
  return `apiVersion: jobsd/v1
kind: Job
name: ${name}
title: A job
client: acme
scope: ${scope}
enabled: ${enabled}
trigger:${trigger ? `\n  type: ${trigger}` : scheduled}
steps:
  - name: mail
    type: email
    connection: mail
    to: [ops@acme.example]
    template: report-ready
`
}

async function forecast(dir: string, ...args: string[]): Promise<ForecastSlot[]> {
  const { out, exitCode, err } = await runCommand(['forecast', dir, '--json', ...args])
  if (exitCode !== 0) throw new Error(err)
  return JSON.parse(out).slots
}

t.test(
  'a job due at 02:30 on the night without a 02:30 is due right after the gap, and says so',
  async (t) => {
    const dir = createRepository(t, { night: { cron: '30 2 * * *' } })
    const slots = await forecast(dir, '--from', '2026-03-07', '--to', '2026-03-10')
    t.same(
      slots.map(({ at, local, outcome, note }) => [at, local, outcome, note]),
      [
        ['2026-03-07T08:30:00.000Z', '2026-03-07T02:30:00-06:00', 'run', ''],
        [
          '2026-03-08T08:00:00.000Z',
          '2026-03-08T03:00:00-05:00',
          'run',
          'the clock skips 02:30, so it is due right after, at 03:00',
        ],
        ['2026-03-09T07:30:00.000Z', '2026-03-09T02:30:00-05:00', 'run', ''],
      ],
    )
  },
)

t.test('a job due at 01:30 on the night that has two of them is due once, and says so', async (t) => {
  const dir = createRepository(t, { night: { cron: '30 1 * * *' } })
  const slots = await forecast(dir, '--from', '2026-11-01', '--days', '1')
  t.same(
    slots.map(({ local, note }) => [local, note]),
    [['2026-11-01T01:30:00-05:00', 'the clock shows 01:30 twice, it is due the first time']],
  )
  t.same(await forecast(dir, '--from', '2026-11-01T07:00:00Z', '--to', '2026-11-02T06:00:00Z'), [])
})

t.test('in Berlin both nights at 02:30 are told', async (t) => {
  const dir = createRepository(t, { night: { cron: '30 2 * * *', timezone: 'Europe/Berlin' } })
  const [spring] = await forecast(dir, '--from', '2026-03-29', '--days', '1')
  t.match(spring, {
    local: '2026-03-29T03:00:00+02:00',
    note: 'the clock skips 02:30, so it is due right after, at 03:00',
  })
  const autumn = await forecast(dir, '--from', '2026-10-25', '--days', '1')
  t.match(autumn, [
    { local: '2026-10-25T02:30:00+02:00', note: 'the clock shows 02:30 twice, it is due the first time' },
  ])
  t.equal(autumn.length, 1)
})

t.test('29 February comes in leap years, the 31st in seven months', async (t) => {
  const dir = createRepository(t, { leap: { cron: '0 9 29 2 *' }, last: { cron: '0 9 31 * *' } })
  const leap = await forecast(dir, '--job', 'acme/leap', '--from', '2026-01-01', '--to', '2034-01-01')
  t.same(
    leap.map(({ local }) => local.slice(0, 10)),
    ['2028-02-29', '2032-02-29'],
  )
  const last = await forecast(dir, '--job', 'acme/last', '--from', '2026-01-01', '--to', '2027-01-01')
  t.same(
    last.map(({ local }) => local.slice(5, 7)),
    ['01', '03', '05', '07', '08', '10', '12'],
  )
})

t.test('a Monday holiday after a weekend moves the weekend and itself to Tuesday', async (t) => {
  const dir = createRepository(t, {
    moved: { cron: '0 9 * * *', onHoliday: 'next' },
    skipped: { cron: '0 9 * * 1-5', onHoliday: 'skip' },
  })
  const args = ['--from', '2026-09-05', '--to', '2026-09-09']
  const moved = await forecast(dir, '--job', 'acme/moved', ...args)
  t.same(
    moved.map(({ local, outcome, note }) => [local.slice(0, 10), outcome, note]),
    [['2026-09-08', 'shifted', 'moved from Saturday 5 Sep 2026, Sunday 6 Sep 2026, Monday 7 Sep 2026']],
  )
  const skipped = await forecast(dir, '--job', 'acme/skipped', ...args)
  t.same(
    skipped.map(({ local, outcome, note }) => [local.slice(0, 10), outcome, note]),
    [
      ['2026-09-07', 'skipped', '7 Sep 2026 is a day off: Labor Day'],
      ['2026-09-08', 'run', ''],
    ],
  )
})

t.test('text is by local day; call centers and many ordinary moments are one line each', async (t) => {
  const dir = createRepository(t, {
    centers: { cron: '0 9 * * *', scope: 'call-center' },
    often: { cron: '*/30 * * * *' },
    hand: { cron: '', trigger: 'manual' },
  })
  const { out, exitCode } = await runCommand(['forecast', dir, '--from', '2026-11-22', '--days', '1'])
  t.equal(exitCode, 0)
  t.equal(
    out,
    `  TIME                      JOB           SCHEDULE  CALL CENTER    ZONE             OUTCOME

Sunday 22 Nov 2026
  00:00 to 23:30, 48 times  acme/often    main      -              America/Chicago  run
  09:00                     acme/centers  main      dallas, tampa  America/Chicago  run

50 runs of 2 jobs (49 times, 2 call centers); left out: 1 disabled job, 1 job that no schedule starts`,
  )
})

t.test(
  'a window begins with its first moment and ends before its last; the default is two weeks from now',
  async (t) => {
    const dir = createRepository(t, { noon: { cron: '0 12 * * *', timezone: 'UTC' } })
    const exact = await forecast(dir, '--from', '2026-11-22T12:00:00Z', '--to', '2026-11-23T12:00:00Z')
    t.same(
      exact.map(({ at }) => at),
      ['2026-11-22T12:00:00.000Z'],
    )
    const usual = await forecast(dir)
    t.equal(usual.length, 14)
    t.equal(usual[0]?.at, '2026-11-23T12:00:00.000Z')
  },
)

t.test(
  'a job that does not compile is told on stderr, the others are listed, and the exit code is 1',
  async (t) => {
    const dir = createRepository(t, { broken: { cron: '0 9 32 * *' }, fine: { cron: '0 9 * * *' } })
    const args = ['forecast', dir, '--from', '2026-11-22', '--days', '2', '--json']
    const { out, err, exitCode } = await runCommand(args)
    t.equal(exitCode, 1)
    t.match(err, /^jobs\.d\/acme\/broken\.yaml:12:\d+: "32" is no day of month/)
    t.same(
      JSON.parse(out).slots.map(({ job }: ForecastSlot) => job),
      ['acme/fine', 'acme/fine'],
    )
    t.equal(JSON.parse(out).leftOut.withProblems, 1)
    t.equal(
      (await runCommand([...args, '--job', 'acme/fine'])).exitCode,
      0,
      'of another job nothing is asked',
    )
  },
)

t.test('too many slots are cut with a clear line', async (t) => {
  const dir = createRepository(t, { often: { cron: '*/15 * * * *' } })
  const far = ['forecast', dir, '--from', '2026-01-01', '--days', '3000']
  const { out, err, exitCode } = await runCommand([...far, '--json'])
  const { slots, isCut } = JSON.parse(out)
  t.equal(slots.length, 200_000)
  t.equal(isCut, true)
  t.match(err, /only the first 200,000 slots are given/)
  t.equal(exitCode, 0)
  const text = (await runCommand(far)).out
  t.match(text, /\n\.\.\. and \d+ more lines: name a --job or fewer --days, or use --json\n/)
})

t.test('what is no time, job or client is a usage error', async (t) => {
  const dir = createRepository(t, { noon: { cron: '0 12 * * *' } })
  for (const [option, value, told] of [
    ['--from', '2026-02-29', /neither a day such as/],
    ['--from', '2026-02-28T10:00', /neither a day such as/],
    ['--days', '0', /whole number from 1/],
    ['--job', 'acme/nothing', /there is no job acme\/nothing \[JOB_UNKNOWN\]/],
    ['--job', 'acme/non', /there is no job acme\/non; did you mean "acme\/noon"\?/],
    ['--client', 'acne', /there is no client acne; did you mean "acme"\?$/m],
  ] as const) {
    const { exitCode, err } = await runCommand(['forecast', dir, option, value])
    t.equal(exitCode, 2, value)
    t.match(err, told)
  }
})

t.test('a long answer reaches a pipe whole, and nothing of the environment is needed', async (t) => {
  const dir = createRepository(t, { often: { cron: '*/15 * * * *' } })
  const main = join(import.meta.dirname, '../../../engine/main.ts')
  const args = [main, 'forecast', dir, '--json', '--from', '2026-01-01', '--days', '60']
  // Through Node, as cat is not everywhere: only a pipe that is read slowly shows that nothing is cut off.
  const line = `"$0" "$@" | "$0" -e 'setTimeout(() => process.stdin.pipe(process.stdout), 300)'`
  const { stdout, status } = spawnSync('sh', ['-c', line, process.execPath, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
    maxBuffer: 2 ** 26,
  })
  t.equal(status, 0)
  t.equal(JSON.parse(stdout).slots.length, 60 * 96)
})
