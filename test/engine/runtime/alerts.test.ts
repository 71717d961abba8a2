import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import type { AlertRecipients } from '../../../engine/core/contracts/alerts.ts'
import type { MailMessage } from '../../../engine/core/contracts/endpoints.ts'
import type { Ledger } from '../../../engine/core/contracts/ledger.ts'
import type { Connection, Settings } from '../../../engine/core/manifest.ts'
import type { MailTemplate } from '../../../engine/core/model.ts'
import { createAlerts } from '../../../engine/runtime/alerts.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { connections } from '../../fakes/snapshot.ts'

const toOperators: AlertRecipients = { route: 'operators', to: null }
const start = Date.parse('2026-11-22T12:00:00Z')
const template: MailTemplate = { name: 'notice', subject: '', html: '', text: '' }

function createStage(t: Test, alerts: Partial<Settings['alerts']> = {}) {
  const clock = createManualClock(new Date(start).toISOString())
  const log = createMemoryLog()
  const path = join(t.testdir({}), 'ledger.db')
  const sent: MailMessage[] = []
  const rendered: { template: string; facts: unknown }[] = []
  const state = {
    /** What the mail server says to some mail; nothing: it takes it. */
    refuse: undefined as ((mail: MailMessage) => boolean) | undefined,
    templates: {} as Record<string, MailTemplate>,
    marks: 0,
    markFails: false,
    looks: 0,
    renderFails: false,
    attempts: 0,
  }
  const settings: Settings = {
    apiVersion: 'jobsd/v1',
    kind: 'Settings',
    name: 'settings',
    alerts: { connection: 'mail', to: ['ops@platform.example'], ...alerts },
  }

  function open() {
    const opened = openSqliteLedger(path)
    const ledger: Ledger = {
      ...opened,
      async pendingAlerts() {
        state.looks += 1
        return opened.pendingAlerts()
      },
      async markAlerts(...args) {
        state.marks += 1
        if (state.markFails) throw new Error('disk full')
        return opened.markAlerts(...args)
      },
    }
    const made = createAlerts({
      ledger,
      clock,
      log,
      endpoints: {
        mailer: () => ({
          async send(mail: MailMessage) {
            state.attempts += 1
            if (state.refuse?.(mail)) throw new Error('the mail server is down')
            sent.push(mail)
            return { accepted: mail.to, rejected: [], response: 'ok' }
          },
        }),
      } as never,
      async renderMail(used, facts) {
        if (state.renderFails) throw new Error('broken')
        rendered.push({ template: used.name, facts })
        return { subject: (facts as { title: string }).title, html: '', text: '' }
      },
      route: () => ({ settings, connection: connections.mail as Connection, templates: state.templates }),
    })
    return { ledger, alerts: made }
  }

  const opened = open()
  t.teardown(() => opened.ledger.close().catch(() => undefined))
  let count = 0

  /** Makes a notice pending for that route, now. */
  async function raise(title: string, recipients = toOperators, ledger = opened.ledger): Promise<void> {
    count += 1
    const notice = { title, message: '', facts: [], list: [], next: '' }
    const now = clock.now().toISOString()
    const at = new Date(start + count).toISOString()
    const notices = [{ recipients, notice }]
    await ledger.recordExpectation({
      ...{ job: 'acme/eod', at, outcome: 'late', note: '', isOpen: false, notices, now },
    })
  }
  return {
    alerts: opened.alerts,
    ledger: opened.ledger,
    clock,
    log,
    sent,
    rendered,
    state,
    settings,
    open,
    raise,
  }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

const toClient = { route: 'client/acme', to: ['boss@acme.example'] }
const toCobalt = { route: 'client/cobalt', to: ['boss@acme.example'] }
const toJob = { route: 'job/acme/eod', to: ['care@platform.example'] }

t.test('each route is mailed by itself, to its own people only', async (t) => {
  const { alerts, ledger, sent, raise } = createStage(t)
  await raise('a')
  await raise('b', toClient)
  await raise('c', toJob)
  alerts.notify()
  await until(async () => (await ledger.pendingAlerts()).length === 0)
  t.same(
    sent.map(({ to, subject }) => [to, subject]),
    [
      [['ops@platform.example'], '[jobsd] a'],
      [['boss@acme.example'], '[jobsd] b'],
      [['care@platform.example'], '[jobsd] c'],
    ],
  )
  t.same(
    sent.flatMap(({ cc, bcc }) => [...cc, ...bcc]),
    [],
  )
})

t.test('who is an operator gets no copy as well', async (t) => {
  const { alerts, ledger, sent, raise } = createStage(t)
  await raise('a', { route: 'job/acme/eod', to: ['OPS@platform.example'] })
  await raise('b', { route: 'client/acme', to: ['boss@acme.example', 'ops@Platform.example'] })
  alerts.notify()
  await until(async () => (await ledger.pendingAlerts()).length === 0)
  t.same(
    sent.map(({ to }) => to),
    [['boss@acme.example']],
  )
})

t.test('a copy that is refused holds up nobody else, and is tried again a minute later', async (t) => {
  const { alerts, clock, ledger, sent, state, raise } = createStage(t)
  state.refuse = ({ to }) => to.includes('boss@acme.example')
  await raise('b', toClient)
  await raise('a')
  alerts.notify()
  await until(() => sent.length === 1)
  t.same(sent[0]?.to, ['ops@platform.example'])
  await clock.asleep()
  await clock.live(59_000)
  t.equal(state.attempts, 2, 'not before')
  state.refuse = undefined
  await clock.advance(1_000)
  await until(async () => (await ledger.pendingAlerts()).length === 0)
  t.equal(sent.length, 2)
})

t.test('a new alert is sent at once while another one waits for its next try', async (t) => {
  const { alerts, clock, sent, state, raise } = createStage(t)
  state.refuse = ({ to }) => to.includes('boss@acme.example')
  await raise('b', toClient)
  alerts.notify()
  await until(() => state.attempts === 1)
  await clock.live(1_000)
  await raise('a')
  alerts.notify()
  await until(() => sent.length === 1)
  t.same(sent[0]?.to, ['ops@platform.example'])
  t.equal(state.attempts, 2)
})

t.test('an alert that never goes holds up no other of its route', async (t) => {
  const { alerts, clock, sent, state, raise } = createStage(t)
  state.refuse = ({ subject }) => subject.includes('poison')
  await raise('poison')
  await raise('a')
  await raise('b')
  alerts.notify()
  await until(() => state.attempts === 1)
  await clock.live(60_000)
  await until(() => sent.length === 2)
  t.same(
    sent.map(({ subject }) => subject),
    ['[jobsd] a', '[jobsd] b'],
  )
})

t.test('while mails do not go, many new alerts cause few looks and no further tries', async (t) => {
  const { alerts, clock, state, raise } = createStage(t)
  state.refuse = () => true
  await raise('a')
  alerts.notify()
  await until(() => state.attempts === 1)
  await clock.asleep()
  for (let count = 0; count < 100; count += 1) {
    alerts.notify()
    await clock.advance(100)
  }
  t.ok(state.looks <= 12, `${state.looks} looks in 10 s`)
  t.equal(state.attempts, 1)
})

t.test('a mail that was accepted but could not be marked is not sent again', async (t) => {
  const { alerts, clock, ledger, sent, state, raise } = createStage(t)
  state.markFails = true
  await raise('a')
  alerts.notify()
  await until(() => state.marks === 1)
  state.markFails = false
  await clock.asleep()
  await clock.live(59_999)
  await clock.advance(1)
  await until(async () => (await ledger.pendingAlerts()).length === 0)
  t.equal(sent.length, 1)
})

t.test('a digest collects from its first alert on, and never mixes routes', async (t) => {
  const { alerts, clock, ledger, sent, state, rendered, raise } = createStage(t, { digest: '15m' })
  state.templates = { notice: template }
  await raise('a')
  alerts.notify()
  await clock.asleep()
  await clock.live(5 * 60_000)
  await raise('b')
  await raise('c', toClient)
  await raise('d', toCobalt)
  await raise('e', toCobalt)
  alerts.notify()
  await clock.asleep()
  await clock.live(10 * 60_000 - 1)
  t.equal(sent.length, 0)
  await clock.advance(1)
  await until(() => sent.length === 1)
  t.same(sent[0]?.to, ['ops@platform.example'])
  t.match(rendered[0]?.facts, { title: '2 notices', list: ['12:00 a', '12:05 b'] })
  t.equal((await ledger.pendingAlerts()).length, 3)
  await clock.live(5 * 60_000 - 1)
  await clock.advance(1)
  await until(() => sent.length === 3)
  t.same(
    sent.map(({ subject }) => subject),
    ['2 notices', 'c', '2 notices'],
    'alone it is sent as itself; two clients share no mail, even to the same person',
  )
  t.equal(state.marks, 3, 'each mail was marked in one transaction')
})

t.test('a digest under way survives a kill, and is sent when its time is over', async (t) => {
  const { clock, ledger, sent, raise, open } = createStage(t, { digest: '15m' })
  await raise('a')
  await raise('b')
  await ledger.close()
  await clock.advance(14 * 60_000)
  const next = open()
  t.teardown(() => next.ledger.close())
  next.alerts.notify()
  await clock.live(59_999)
  t.equal(sent.length, 0)
  t.equal((await next.ledger.pendingAlerts()).length, 2)
  await clock.advance(1)
  await until(async () => (await next.ledger.pendingAlerts()).length === 0)
  t.match(sent, [{ subject: '[jobsd] 2 notices' }])
})

t.test('what was collected is sent before the engine stops', async (t) => {
  const { alerts, clock, ledger, sent, raise } = createStage(t, { digest: '1d' })
  await raise('a')
  await raise('b')
  alerts.notify()
  await clock.asleep()
  await alerts.finish(5_000)
  t.equal(sent.length, 1)
  t.same(await ledger.pendingAlerts(), [])
})

t.test('a clock that was set back by a year holds back no digest for longer than it lasts', async (t) => {
  const { alerts, clock, sent, raise } = createStage(t, { digest: '15m' })
  await raise('a')
  clock.jump(-365 * 24 * 3_600_000)
  alerts.notify()
  await clock.asleep()
  t.equal(sent.length, 0)
  // The rest is never more than the whole of it, so it ends at the latest when the engine does.
  await alerts.finish(5_000)
  t.equal(sent.length, 1)
})

t.test('an alert whose template fails goes as plain text', async (t) => {
  const { alerts, ledger, sent, state, raise, log } = createStage(t)
  state.templates = { notice: template }
  state.renderFails = true
  await raise('a')
  alerts.notify()
  await until(async () => (await ledger.pendingAlerts()).length === 0)
  t.match(sent, [{ subject: '[jobsd] a' }])
  t.ok(log.lines.some((line) => line.includes('sent as plain text')))
})
