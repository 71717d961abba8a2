import '../../fakes/clean-children.ts'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { createLocalFiles } from '../../../engine/adapters/local-files.ts'
import { createSmtpMailer } from '../../../engine/adapters/smtp-mailer.ts'
import type { FolderConnection } from '../../../engine/core/manifest.ts'
import { startSmtpServer } from '../../../scripts/demo/smtp-server.ts'
import { knownSecrets, newFolder } from '../../contracts/file-trees.ts'
import { createBounceStage, smtp, watch } from '../../fakes/bounce-stage.ts'
import { noPostfix, startPostfix } from '../../fakes/postfix.ts'
import { connections } from '../../fakes/snapshot.ts'

const returnPath = 'returned@back.example'

t.test('what Postfix itself writes of a refused recipient flags it', { skip: noPostfix }, async (t) => {
  const base = await newFolder(t)
  const maildir = join(base, 'returned')
  await mkdir(maildir)
  const next = await startSmtpServer({
    onMessage: () => undefined,
    hooks: {
      recipient: (address) =>
        address === 'ann@acme.example' ? { code: 550, text: '5.1.1 no such mailbox' } : undefined,
    },
  })
  const postfix = await startPostfix({
    nextPort: next.port,
    mailbox: { address: returnPath, maildir },
  })
  t.teardown(async () => {
    await postfix.close()
    await next.close()
  })
  const files = createLocalFiles({ ...(connections.share as FolderConnection), path: maildir })
  const open = async () => ({ files, folder: maildir })
  const stage = await createBounceStage(t, { name: 'a maildir', skip: false, open })
  for (const folder of [base, maildir, join(maildir, 'new')]) await chmod(folder, 0o777)
  const place = { host: '127.0.0.1', port: postfix.port, security: 'none' } as const
  const real = createSmtpMailer({ ...smtp, ...place, returnPath }, { secrets: knownSecrets({}) })
  t.teardown(() => real.close())
  const { mailer } = stage
  mailer.send = (message, ...rest) => {
    mailer.mails.push({ ...message, contents: [] })
    return real.send(message, ...rest)
  }
  const { run } = await stage.send()
  t.match(run.steps[1]?.deliveries, [{ state: 'confirmed' }], 'Postfix took it for everybody')

  for (let tries = 0; (await stage.names()).length === 0 && tries < 400; tries++) await setTimeout(50)
  stage.bounces.use([watch])
  await stage.clock.asleep()
  await stage.clock.live(60_000)
  t.equal((await stage.names('done')).length, 1)
  t.match(await stage.bounces.list(), {
    recipients: [
      {
        address: 'ann@acme.example',
        client: 'acme',
        count: 1,
        status: '5.1.1',
        diagnostic: /550 5\.1\.1 no such mailbox/,
      },
    ],
    last: [{ outcome: 'returned', runId: run.id }],
  })
})
