import '../../fakes/clean-children.ts'
import t from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import { toRunJson } from '../../../engine/core/run-json.ts'
import { createAlerts } from '../../../engine/runtime/alerts.ts'
import { createBounceStage, smtp } from '../../fakes/bounce-stage.ts'
import { createMemoryEndpoints } from '../../fakes/endpoints.ts'
import { createRepeatStage, mail } from '../../fakes/repeat-stage.ts'
import { absenceNote, headersPart, postfixReport, reportOf, statusPart } from '../../fakes/returned-mails.ts'

const ann = 'ann@acme.example'

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

t.test('the same return flags once, however its Message-ID is written', async (t) => {
  const { bounces, send, alerts } = await createBounceStage(t)
  const { messageId } = await send()
  const digits = messageId.slice(1, 33)
  for (const domain of ['jobsd.example', 'JOBSD.example', ...Array.from('abcdefghij')]) {
    const back = postfixReport({ messageId: `<${digits}@${domain}>`, recipient: ann })
    await bounces.takeMail('mail', domain, back)
  }
  t.equal((await bounces.list()).recipients[0]?.count, 1)
  t.equal((await alerts()).length, 1)
})

t.test("a run's note names the flagged recipients of each of its steps", async (t) => {
  const mailTo = (name: string, address: string) => ({ ...mail, name, to: [address] }) as typeof mail
  const stage = createRepeatStage(t, [
    { name: 'build', type: 'report', report: 'call/call-detail', format: 'csv' } as never,
    mailTo('first', ann),
    mailTo('second', 'eve@acme.example'),
    mailTo('third', 'bob@acme.example'),
  ])
  const at = '2026-11-21T12:00:00.000Z'
  const words = { status: '5.1.1', diagnostic: '', firstAt: at, lastAt: at }
  stage.state.flagged = (client, target) =>
    target.endsWith(':eve@acme.example')
      ? []
      : [{ connection: 'mail', address: target.split(':')[2]!, client, count: 1, ...words }]
  const { note } = await stage.run()
  t.equal(note, `${ann} returned 1 mail since ${at}; bob@acme.example returned 1 mail since ${at}`)
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

  // An alert that failed is tried again, by then to others and by another connection.
  await ledger.recordAlertMail('<alert-x@jobsd.example>', 'mail', ['old@platform.example'], records[0]!.at)
  await ledger.recordAlertMail('<alert-x@jobsd.example>', 'spare', ['new@platform.example'], records[0]!.at)
  const other = postfixReport({ messageId: '<alert-x@jobsd.example>', recipient: 'new@platform.example' })
  t.match(await bounces.takeMail('spare', 'e', other), { records: [{ outcome: 'alert' }] })
  await bounces.clear({ address: 'new@platform.example', connection: 'spare', who: 'ana', why: 'mended' })
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
