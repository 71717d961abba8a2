/** A real engine whose clock is set by libfaketime: every slot has exactly one record, and none runs twice. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import '../fakes/clean-children.ts'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { type EngineChild, startEngine } from '../../scripts/crash/engine-child.ts'
import { startSmtpServer } from '../../scripts/demo/smtp-server.ts'

t.setTimeout(240_000)

const HOUR = 3_600_000
const DAY = 24 * HOUR
const library = ['x86_64-linux-gnu', 'aarch64-linux-gnu', '']
  .map((name) => join('/usr/lib', name, 'faketime/libfaketime.so.1'))
  .find((path) => existsSync(path))

const modes = ['all', 'latest'] as const

function writeConfig(dir: string, smtpPort: number, title: string): void {
  const head = (kind: string, name: string) => `apiVersion: jobsd/v1\nkind: ${kind}\nname: ${name}\n`
  const files: Record<string, string> = {
    'jobs.d/platform/settings.yaml': `${head('Settings', 'settings')}alerts: { connection: mail, to: [ops@platform.example] }\n`,
    'jobs.d/platform/connections/mail.yaml': `${head('Connection', 'mail')}type: smtp
host: 127.0.0.1
port: ${smtpPort}
security: none
from: reports@platform.example
`,
    'jobs.d/platform/clients/acme.yaml': `${head('ClientPolicy', 'acme')}connections: [mail]
recipientDomains: [acme.example]
`,
    'jobs.d/acme/client.yaml': `${head('Client', 'acme')}title: Acme
timezone: UTC
callCenters: [{ name: dallas, title: Dallas }]
`,
  }
  for (const catchUp of modes)
    files[`jobs.d/acme/${catchUp}.yaml`] = `${head('Job', catchUp)}title: ${title}
client: acme
scope: client
trigger:
  type: scheduled
  schedules: [{ name: hourly, cron: "0 * * * *", catchUp: ${catchUp}, catchUpWindow: 1d }]
steps:
  - { name: mail, type: email, connection: mail, to: [${catchUp}@acme.example], template: note, onDoubt: hold }
`
  for (const part of ['subject', 'html', 'text']) files[`templates/mail/note/${part}.hbs`] = '{{slot}}\n'
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(dir, path, '..'), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
}

/** An engine on a ledger of its own, whose clock the test sets while it runs and while it is down. */
async function setStage(t: Test) {
  const folder = t.testdir({ secrets: {}, folders: {} })
  const at = (name: string) => join(folder, name)
  const smtp = await startSmtpServer()
  let editions = 0
  let shiftMs = 0
  let engine: EngineChild | undefined
  t.teardown(async () => {
    engine?.kill()
    await engine?.ended
    await smtp.close()
  })
  const reached: number[] = []
  const fakeNow = () => Date.now() + shiftMs

  /** Sets the clock; the engine reads the file with each call. */
  function setClock(ms: number): void {
    shiftMs = ms - Date.now()
    writeFileSync(at('faketime.new'), `${shiftMs < 0 ? '-' : '+'}${Math.abs(Math.round(shiftMs / 1000))}`)
    renameSync(at('faketime.new'), at('faketime'))
    reached.push(ms)
  }

  function rows(mode: (typeof modes)[number]) {
    const ledger = new Database(at('data/ledger.db'), { readonly: true })
    const all = <T>(sql: string) => ledger.prepare(sql).all(`acme/${mode}`) as T[]
    const slots = all<{ at: string; outcome: string }>(
      'select at, outcome from slot where job = ? order by at',
    )
    const runs = all<{ slot: string; state: string; endedAt: string | null }>(
      'select slot, state, ended_at as endedAt from run where job = ? order by slot',
    )
    ledger.close()
    return { slots, runs }
  }

  /** Every slot up to where the clock ever was. */
  function expectedSlots(firstMs: number): string[] {
    const slots: string[] = []
    for (let ms = Math.ceil(firstMs / HOUR) * HOUR; ms <= Math.max(...reached, fakeNow()); ms += HOUR)
      slots.push(new Date(ms).toISOString())
    return slots
  }

  async function settled(): Promise<void> {
    const newest = () => expectedSlots(reached[0]!).at(-1)
    for (const untilMs = Date.now() + 60_000; Date.now() < untilMs; await setTimeout(100)) {
      const isSettled = modes.map(rows).every(({ slots, runs }) => {
        const isOpen = runs.some(({ endedAt }) => endedAt === null)
        return !isOpen && (slots.at(-1)?.at ?? '') >= (newest() ?? '')
      })
      if (isSettled) return
    }
    throw new Error('not every slot up to now has a record')
  }

  return {
    smtp,
    rows,
    expectedSlots,
    setClock,
    now: fakeNow,
    /** Starts the engine at that moment, waits for what is due, and stops it. */
    async runAt(ms: number): Promise<void> {
      setClock(ms)
      await this.start()
      await settled()
      await this.stop()
    },
    async start(): Promise<void> {
      editions += 1
      writeConfig(at('config'), smtp.port, `Edition ${editions}`)
      engine = startEngine({
        root: join(import.meta.dirname, '../..'),
        config: at('config'),
        data: at('data'),
        secrets: at('secrets'),
        folders: at('folders'),
        env: {
          LD_PRELOAD: library ?? '',
          FAKETIME_TIMESTAMP_FILE: at('faketime'),
          FAKETIME_NO_CACHE: '1',
          // Timers are to pass as they do on a machine whose wall clock is set.
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        },
      })
      await engine.ready
    },
    /** While the engine runs: sets the clock, and changes the job so that its trigger looks at once. */
    async jumpTo(ms: number): Promise<void> {
      setClock(ms)
      editions += 1
      writeConfig(at('config'), smtp.port, `Edition ${editions}`)
      engine?.reload()
      const applied = () => engine!.log().filter((line) => line.includes('jobs in force')).length
      const before = applied()
      for (const untilMs = Date.now() + 30_000; applied() === before && Date.now() < untilMs; )
        await setTimeout(50)
      await settled()
    },
    async stop(): Promise<void> {
      t.same(await engine?.stop(), { code: 0, signal: null })
    },
  }
}

t.test(
  'a clock that is set back and forward, by hours and by years: no slot twice, none gone',
  { skip: library ? false : 'no libfaketime' },
  async (t) => {
    const stage = await setStage(t)
    const startMs = Date.parse('2026-11-22T10:30:00Z')
    await stage.runAt(startMs)
    await stage.runAt(startMs + 3 * HOUR)
    await stage.runAt(startMs)
    await stage.runAt(startMs + 365 * DAY)
    await stage.runAt(startMs + 5 * HOUR)
    const between = stage.rows('latest').runs.length
    await stage.start()
    await stage.jumpTo(stage.now() + 3 * HOUR)
    await stage.jumpTo(stage.now() - 3 * HOUR)
    await stage.jumpTo(stage.now() + 2 * 365 * DAY)
    await stage.jumpTo(stage.now() - 2 * 365 * DAY)
    await stage.stop()

    const wanted = stage.expectedSlots(startMs)
    for (const mode of modes) {
      const { slots, runs } = stage.rows(mode)
      t.strictSame(
        slots.map(({ at }) => at),
        wanted,
        `${mode}: each slot has exactly one record`,
      )
      t.strictSame(
        slots.flatMap(({ at, outcome }) => (outcome === 'ran' ? [at] : [])),
        runs.map(({ slot }) => slot),
        'what is recorded as ran ran once',
      )
      t.ok(
        slots.every(({ outcome }) => outcome === 'ran' || outcome === 'missed'),
        'all the others are recorded as missed',
      )
      t.ok(runs.every(({ state }) => state === 'succeeded'))
      const mails = stage.smtp.messages.filter(({ to }) => to.includes(`${mode}@acme.example`))
      t.equal(mails.length, runs.length, 'as the mail server counts')
      t.comment(`${mode}: ${slots.length} slots, ${runs.length} runs`)
    }
    t.ok(stage.rows('latest').runs.length > between, 'also while it was set under a running engine')
    for (const mail of stage.smtp.messages.filter(({ to }) => to.includes('ops@platform.example')))
      t.comment(/^Subject: .*/m.exec(mail.raw.toString('latin1'))?.[0] ?? '')
  },
)
