import '../../fakes/clean-children.ts'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { viewRun } from '../../../engine/catalog/history-view.ts'
import type { RemoteFiles } from '../../../engine/core/contracts/endpoints.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import { toRunJson } from '../../../engine/core/run-json.ts'
import { treeKinds } from '../../contracts/file-trees.ts'
import { createBounceStage, smtp, watch } from '../../fakes/bounce-stage.ts'
import { until } from '../../fakes/engine-stage.ts'
import { absenceNote, delayedReport, postfixReport } from '../../fakes/returned-mails.ts'

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

t.test('mails that cannot be moved aside hold up no other', async (t) => {
  const stage = await createBounceStage(t)
  const { clock, tree } = stage
  const { messageId } = await stage.send()
  const moved = ({ path }: { path: string }) => !path.includes('stuck')
  const stuck: RemoteFiles = {
    ...tree.files,
    async move(from, ...others) {
      if (moved({ path: from })) return tree.files.move(from, ...others)
      throw new JobsdError('TARGET_REFUSED', { connection: 'returned-mail', reason: 'no' })
    },
  }
  for (let count = 0; count < 201; count++) await stage.drop(`a-stuck-${count}`, Buffer.from('no mail'))
  await stage.drop('z.eml', postfixReport({ messageId, recipient: ann }))
  stage.create(stuck).use([watch])
  await clock.asleep()
  await clock.live(180_000)
  t.same(await stage.names('done'), ['z.eml'])
  t.equal((await stage.names()).length, 201, 'those stay')
})

t.test(
  'a mailbox whose mails cannot be read is told as well, and one odd mail among others is not',
  async (t) => {
    const stage = await createBounceStage(t)
    const { clock, tree } = stage
    const state = { unreadable: /odd/ }
    const refusing: RemoteFiles = {
      ...tree.files,
      async fetch(path, ...others) {
        if (!state.unreadable.test(path)) return tree.files.fetch(path, ...others)
        throw new JobsdError('TARGET_REFUSED', { connection: 'returned-mail', reason: 'permission denied' })
      },
    }
    const { messageId } = await stage.send()
    await stage.drop('odd', absenceNote())
    await stage.drop('1.eml', delayedReport({ messageId, recipient: ann }))
    stage.create(refusing).use([watch])
    await clock.asleep()
    await clock.live(600_000)
    t.same(await stage.names('done'), ['1.eml'])
    t.same(await stage.alerts(), [], 'only the log has it')
    t.equal(stage.log.lines.filter((line) => /a returned mail cannot be taken/.test(line)).length, 1)

    state.unreadable = /./
    await stage.drop('2.eml', postfixReport({ messageId, recipient: ann }))
    await clock.live(600_000)
    t.same(await stage.alerts(), ['operators: the mailbox of returned mails of mail cannot be read'])
    state.unreadable = /odd/
    await clock.live(60_000)
    t.same(await stage.names('done'), ['1.eml', '2.eml'])
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
