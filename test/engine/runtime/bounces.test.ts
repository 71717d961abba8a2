import '../../fakes/clean-children.ts'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { viewRun } from '../../../engine/catalog/history-view.ts'
import type { RemoteFiles } from '../../../engine/core/contracts/endpoints.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import { toRunJson } from '../../../engine/core/run-json.ts'
import { createAlerts } from '../../../engine/runtime/alerts.ts'
import { treeKinds } from '../../contracts/file-trees.ts'
import { createBounceStage, smtp, watch } from '../../fakes/bounce-stage.ts'
import { createMemoryEndpoints } from '../../fakes/endpoints.ts'
import { until } from '../../fakes/engine-stage.ts'
import {
  absenceNote,
  delayedReport,
  headersPart,
  postfixReport,
  reportOf,
  statusPart,
} from '../../fakes/returned-mails.ts'

const ann = 'ann@acme.example'

for (const kind of treeKinds) {
  t.test(`a mail that comes back to ${kind.name} flags its recipient`, { skip: kind.skip }, async (t) => {
    const stage = await createBounceStage(t, kind)
    const { bounces, ledger, clock } = stage
    const { run, messageId } = await stage.send()
    bounces.use([watch])
    await clock.asleep()
    const returned = postfixReport({ messageId, recipient: ann })
    await stage.drop('1732270000.V1I2.mx', returned)
    await stage.drop('late.eml', delayedReport({ messageId, recipient: 'bob@acme.example' }))
    await stage.drop('away.eml', absenceNote())
    await stage.drop('broken', Buffer.from('no mail'))
    await stage.drop('.hidden', returned)
    await stage.drop('half.part', returned)
    await clock.live(60_000)
    t.same(await stage.names('done'), [], 'one look is not enough: it may be written yet')
    await stage.drop('grows.eml', returned.subarray(0, 300))
    await clock.live(60_000)
    t.same(await stage.names('done'), ['1732270000.V1I2.mx', 'late.eml'])
    t.same(await stage.names('other'), ['away.eml'])
    t.same(await stage.names('failed'), ['broken'])
    await stage.drop('grows.eml', returned)
    await clock.live(60_000)
    t.same(await stage.names(), ['.hidden', 'grows.eml', 'half.part'], 'a half one stays')
    t.same(await stage.read('done/1732270000.V1I2.mx'), returned, 'whole')

    const diagnostic = `550 5.1.1 <${ann}>: Recipient address rejected: User unknown in local recipient table`
    const { recipients, last } = await bounces.list()
    t.match(recipients, [
      { connection: 'mail', address: ann, client: 'acme', count: 1, status: '5.1.1', diagnostic },
    ])
    t.equal(recipients.length, 1)
    t.same(last.map(({ outcome, recipient, runId }) => `${outcome} ${recipient} ${runId}`).sort(), [
      'noted bob@acme.example ' + run.id,
      'other  null',
      `returned ${ann} ${run.id}`,
      'unreadable  null',
    ])
    t.same(await stage.alerts(), [`operators: acme/eod-call-detail: a mail to ${ann} came back`])

    await clock.live(60_000)
    t.same(await stage.names('done'), ['1732270000.V1I2.mx', 'grows.eml', 'late.eml'])
    t.equal((await bounces.list()).recipients[0]?.count, 1, 'the same once more flags nobody')
    t.equal((await stage.alerts()).length, 1)
    t.match(bounces.counts(), { returned: 1, noted: 1, other: 1, unreadable: 1, unmatched: 0 })

    const detail = (await ledger.run(run.id))!
    const shown = toRunJson(detail).steps[1]?.deliveries
    t.match(shown, [{ state: 'confirmed', returned: [{ address: ann, status: '5.1.1', diagnostic }] }])
    const { client } = stage.state.snapshot!
    const view = viewRun(detail, client, stage.state.snapshot!)
    t.match(view.steps[1]?.deliveries, [
      {
        state: { label: 'Returned', tone: 'bad' },
        returned: 'It came back from a***@acme.example: the address is not known there, or not in use.',
      },
    ])
    t.notMatch(JSON.stringify(view), /ann@|550/)
  })
}

t.test(
  'a mailbox goes on where an engine that was killed had left it, and takes each mail once',
  async (t) => {
    const stage = await createBounceStage(t)
    const { messageId } = await stage.send()
    await stage.drop('one.eml', postfixReport({ messageId, recipient: ann }))
    let moves = 0
    const dying: RemoteFiles = {
      ...stage.tree.files,
      move(_from, _to, _overwrite, signal) {
        moves += 1
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      },
    }
    const first = stage.create(dying)
    first.use([watch])
    await stage.clock.asleep()
    await stage.clock.advance(60_000)
    await until(() => moves > 0)
    t.equal((await first.list()).recipients[0]?.count, 1, 'recorded before it is moved')
    t.same(await stage.names('done'), [])

    const second = stage.create()
    await second.restore()
    second.use([watch])
    await stage.clock.asleep()
    await stage.clock.live(60_000)
    t.same(await stage.names('done'), ['one.eml'])
    t.equal((await second.list()).recipients[0]?.count, 1)
    t.same(second.counts().returned, 0, 'it was known')
    t.equal((await stage.alerts()).length, 1)
  },
)

t.test('a mailbox that cannot be listed is told after three looks, and then read after all', async (t) => {
  const stage = await createBounceStage(t)
  const { messageId } = await stage.send()
  const away = {
    ...watch,
    connection: { ...smtp, bounces: { mailbox: { connection: 'returned-mail', folder: '/cur' } } },
  }
  stage.bounces.use([away])
  await stage.clock.asleep()
  await stage.clock.live(60_000)
  t.same(await stage.alerts(), [])
  await stage.clock.live(180_000)
  t.same(await stage.alerts(), ['operators: the mailbox of returned mails of mail cannot be read'])
  t.equal(stage.log.lines.filter((line) => /cannot be read/.test(line)).length, 1, 'logged once')
  await mkdir(join(stage.tree.folder, 'cur'))
  await writeFile(join(stage.tree.folder, 'cur', 'a'), postfixReport({ messageId, recipient: ann }))
  await writeFile(join(stage.tree.folder, 'new', 'b'), postfixReport({ messageId, recipient: ann }))
  await stage.clock.live(120_000)
  t.equal((await stage.bounces.list()).recipients.length, 1)
  stage.bounces.use([])
  await stage.bounces.stop()
  t.same(await stage.names(), ['b'], 'nobody watches a folder that is not named')
})

t.test('only a mail that was sent flags, and only a recipient of it', async (t) => {
  const stage = await createBounceStage(t)
  const { bounces, mailer } = stage
  const { messageId } = await stage.send()
  mailer.answer = () => {
    throw new JobsdError('MAIL_REFUSED', { connection: 'mail', reason: '550 no' })
  }
  const { messageId: unsent } = await stage.send()
  const digits = messageId.slice(1, 33)
  const forged = `<${digits.slice(0, 31)}${digits[31] === '0' ? '1' : '0'}@jobsd.example>`
  const failed = (...lines: string[]) => statusPart(...lines, 'Action: failed', 'Status: 5.1.1')
  const final = `Final-Recipient: rfc822; ${ann}`
  const unknown = 'this engine sent no mail of that Message-ID, or has forgotten it'
  const cases: [title: string, mail: Buffer, reason: string][] = [
    ['an id that was made up', postfixReport({ messageId: '<x@evil.example>', recipient: ann }), unknown],
    ['an id that is all but ours', postfixReport({ messageId: forged, recipient: ann }), unknown],
    [
      'somebody else',
      postfixReport({ messageId, recipient: 'eve@acme.example' }),
      'it names no recipient of that mail',
    ],
    ['no id', reportOf([failed(final)]), 'it does not tell the Message-ID of the mail that came back'],
    [
      'a mail that was never taken',
      postfixReport({ messageId: unsent, recipient: ann }),
      'that mail was not sent',
    ],
  ]
  for (const [title, mail, reason] of cases) {
    const { records } = await bounces.takeMail('mail', title, mail)
    t.match(records, [{ outcome: 'unmatched', reason, runId: null, job: null }], title)
  }
  const { records } = await bounces.takeMail('other', 'd', postfixReport({ messageId, recipient: ann }))
  t.match(records, [{ outcome: 'unmatched', reason: 'that mail was sent by connection mail' }])
  t.same((await bounces.list()).recipients, [])
  t.same(await stage.alerts(), ['operators'], 'only the run that failed is told')

  const alias = reportOf([
    failed(
      'Final-Recipient: rfc822; robert@elsewhere.example',
      'Original-Recipient: rfc822;BOB@acme.example',
    ),
    headersPart(messageId),
  ])
  t.match((await bounces.takeMail('mail', 'e', alias)).records, [
    { outcome: 'returned', recipient: 'bob@acme.example' },
  ])
})

t.test('a recipient is told of at the first return and every tenth, until it is cleared', async (t) => {
  const stage = await createBounceStage(t)
  const { bounces, mailer, ledger } = stage
  const comeBack = async () => {
    const { run, messageId } = await stage.send()
    await bounces.takeMail('mail', messageId, postfixReport({ messageId, recipient: ann }))
    return run
  }
  const first = await comeBack()
  t.equal(first.note, undefined)
  for (let count = 2; count <= 9; count++) await comeBack()
  t.equal((await stage.alerts()).length, 1)
  await comeBack()
  t.equal((await stage.alerts()).length, 2)
  t.equal(mailer.mails.length, 10, 'mails to it go on')

  const [flagged] = (await bounces.list()).recipients
  const { run } = await stage.send()
  const detail = await stage.runDetail(run.id)
  t.equal(detail.note, `${ann} returned 10 mails since ${flagged?.firstAt}`)
  t.equal(detail.steps[1]?.note, 'mailed to 2 recipients', "the step's note is as always")
  t.equal(toRunJson(detail).note, detail.note)

  const clear = { address: 'Ann@acme.example', connection: 'mail', who: 'ana', why: 'they mended it' }
  await bounces.clear(clear)
  t.same((await bounces.list()).recipients, [])
  t.match(await ledger.actions({ limit: 1 }), [
    { name: 'clear-bounces', subject: `mail:${ann}`, who: 'ana', why: 'they mended it' },
  ])
  await t.rejects(bounces.clear(clear), { code: 'BAD_REQUEST' })
  await t.rejects(bounces.clear({ ...clear, why: '' }), { code: 'BAD_REQUEST' })
  t.equal((await stage.send()).run.note, undefined, 'well again')
  await bounces.takeMail(
    'mail',
    'once more',
    postfixReport({ messageId: mailer.mails[0]!.messageId, recipient: ann }),
  )
  t.same((await bounces.list()).recipients, [], 'an old return does not flag anew')
  await comeBack()
  t.equal((await bounces.list()).recipients[0]?.count, 1)
  t.equal((await stage.alerts()).length, 3)
})

t.test('copies of the alert have no whole address and no word of the server', async (t) => {
  const stage = await createBounceStage(t)
  const { snapshot } = stage.state
  stage.state.snapshot = {
    ...snapshot!,
    digest: 'e'.repeat(64),
    client: { ...snapshot!.client, alerts: { to: ['care@acme.example'] } },
  }
  const { messageId } = await stage.send()
  await stage.bounces.takeMail('mail', 'd', postfixReport({ messageId, recipient: ann }))
  const [operators, copy] = (await stage.ledger.pendingAlerts()).toSorted((a) => (a.recipients.to ? 1 : -1))
  t.match(JSON.stringify(operators?.about), /ann@acme\.example.*550 5\.1\.1/)
  t.same(copy?.recipients, { route: 'client/acme', to: ['care@acme.example'] })
  t.match(JSON.stringify(copy?.about), /a\*\*\*@acme\.example/)
  t.notMatch(JSON.stringify(copy?.about), /ann@|550|unknown in local/)
})

t.test('an alert mail that comes back is recorded, and no mail tells of it', async (t) => {
  const stage = await createBounceStage(t)
  const { ledger, bounces, mailer, clock, log } = stage
  const settings = { alerts: { connection: 'mail', to: ['ops@platform.example'] } }
  const alerts = createAlerts({
    ledger,
    endpoints: createMemoryEndpoints({ mailers: { mail: mailer } }),
    clock,
    log,
    renderMail: () => Promise.reject(new Error('not here')),
    route: () => ({ settings, connection: smtp, templates: {} }) as never,
  })
  const notice = { title: 'x', message: 'y', facts: [], list: [], next: '' }
  await ledger.raiseNotice('n1', notice, clock.now().toISOString())
  await alerts.finish(1000)
  const [{ messageId } = { messageId: '' }] = mailer.mails
  t.match(messageId, /^<alert-/)
  const back = postfixReport({ messageId, recipient: 'ops@platform.example' })
  const { records } = await bounces.takeMail('mail', 'd', back)
  t.match(records, [
    { outcome: 'alert', reason: 'it is an alert mail, of which no alert is sent', runId: null },
  ])
  t.same(await ledger.pendingAlerts(), [])
  t.match((await bounces.list()).recipients, [{ address: 'ops@platform.example', client: '', count: 1 }])
  t.ok(log.lines.includes('warn: a mail came back'))
})

t.test('what flags nobody is kept in bounds, and returns are forgotten with their runs', async (t) => {
  const stage = await createBounceStage(t)
  const { bounces, ledger, clock } = stage
  const { messageId } = await stage.send()
  await bounces.takeMail('mail', 'kept', postfixReport({ messageId, recipient: ann }))
  for (let count = 0; count < 1010; count++) {
    clock.jump(1)
    await bounces.takeMail(
      'mail',
      String(count),
      postfixReport({ messageId: '<x@evil.example>', recipient: ann }),
    )
  }
  for (let count = 0; count < 5; count++) {
    clock.jump(1)
    await bounces.takeMail('mail', `away ${count}`, absenceNote())
  }
  const kept = await ledger.bounces(5000)
  t.equal(kept.filter(({ outcome }) => outcome === 'unmatched').length, 995)
  t.equal(kept.filter(({ outcome }) => outcome === 'other').length, 5)
  t.equal(kept.filter(({ outcome }) => outcome === 'returned').length, 1)
  clock.jump(1000)
  const now = clock.now().toISOString()
  const limits = { runsBefore: now, eventsBefore: now, duesBefore: now, rows: 5000 }
  t.equal((await ledger.prune(limits)).bounces, 1001)
  t.same(await ledger.bounces(10), [])
  t.equal((await ledger.returnedRecipients()).length, 1, 'the flag stays')
})
