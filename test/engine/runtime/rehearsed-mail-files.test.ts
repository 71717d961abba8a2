import '../../fakes/clean-children.ts'
import t from 'tap'
import { rehearsal as parts } from '../../../engine/app.ts'
import { compileJob } from '../../../engine/config/compile.ts'
import { rehearse } from '../../../engine/runtime/rehearsal.ts'
import { editSmall, load } from '../config/golden.ts'

const never = new AbortController().signal

async function rehearseMail(settings: string) {
  const config = load(
    editSmall({
      'jobs.d/acme/eod.yaml': (text) => `${text.trimEnd()}\n${settings}`,
      'jobs.d/platform/clients/acme.yaml': (text) => `${text.trimEnd()}\nmaxAttachmentSize: 4KiB\n`,
    }),
  )
  t.same(config.problems, [])
  const compiled = compileJob(config, 'acme/eod')
  if ('problem' in compiled) throw new Error(compiled.problem.message)
  const request = {
    snapshot: compiled.snapshot,
    revision: 'r',
    data: { kind: 'made-up', rows: 500 } as const,
  }
  const [run] = await rehearse(parts, { ...request, given: { callCenter: 'dallas' } }, never)
  return run!
}

t.test('a rehearsed mail shows its zip as it would be, and its links as files in a bucket', async (t) => {
  const failed = await rehearseMail('')
  t.equal(failed.outcome, 'failed', 'the made-up report is too large to attach')
  const zipped = await rehearseMail('    onTooLarge: zip\n')
  t.equal(zipped.outcome, 'succeeded', zipped.note)
  const mail = zipped.deliveries.find(({ type }) => type === 'smtp')
  t.ok(mail && 'attachments' in mail)
  if (!mail || !('attachments' in mail)) return
  t.match(mail.attachments, [{ fileName: /\.csv\.zip$/, rows: null }])
  t.ok(mail.attachments[0]!.size > 500)
  t.match(mail.attachments[0]!.sha256, /^[0-9a-f]{64}$/)

  const linked = await rehearseMail('    onTooLarge: link\n    linkConnection: s3\n')
  t.equal(linked.outcome, 'succeeded', linked.note)
  t.match(
    linked.deliveries.filter(({ step }) => step === 'mail'),
    [
      { type: 's3', connection: 's3', place: /^mail\/eod\/[^/]+\/mail\/acme_dallas_\d+\.csv$/, rows: 500 },
      { type: 'smtp', attachments: [] },
    ],
  )
})
