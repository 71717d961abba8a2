/** Runs that send mails, and a mailbox to which they may come back, on the real ledger. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { readReturnedMail } from '../../engine/adapters/returned-mail.ts'
import type { BounceWatch } from '../../engine/core/contracts/bounces.ts'
import type { RemoteFiles } from '../../engine/core/contracts/endpoints.ts'
import type { SmtpConnection } from '../../engine/core/manifest.ts'
import { createBounces } from '../../engine/runtime/bounces.ts'
import { type TreeKind, treeKinds } from '../contracts/file-trees.ts'
import { createMemoryEndpoints } from './endpoints.ts'
import { createRepeatStage, mail } from './repeat-stage.ts'
import { connections } from './snapshot.ts'

export const recipients = ['ann@acme.example', 'Bob@acme.example']
const report = { name: 'build', type: 'report', report: 'call/call-detail', format: 'csv' }

export const smtp: SmtpConnection = {
  ...(connections.mail as SmtpConnection),
  bounces: {
    mailbox: { connection: 'returned-mail', folder: '/new' },
    hook: { secret: { secret: 'mail-bounces' } },
  },
}
const mailbox = { ...connections.share!, name: 'returned-mail' }
export const watch: BounceWatch = { connection: smtp, mailbox }

export async function createBounceStage(t: Test, kind: TreeKind = treeKinds[0]!) {
  const stage = createRepeatStage(t, [report as never, { ...mail, to: recipients } as typeof mail])
  const tree = await kind.open(t)
  const folder = join(tree.folder, 'new')
  await mkdir(folder)
  const state = { notices: 0 }

  /** As an engine that starts on the ledger; `files` may misbehave. */
  function create(files: RemoteFiles = tree.files) {
    const bounces = createBounces({
      ...stage,
      endpoints: createMemoryEndpoints({ files: { 'returned-mail': files } }),
      readReturnedMail,
      onNotice: () => {
        state.notices += 1
      },
    })
    t.teardown(() => bounces.stop())
    stage.state.flagged = bounces.flagged
    return bounces
  }

  return {
    ...stage,
    tree,
    bounces: create(),
    create,
    notices: state,
    /** Puts a returned mail into the mailbox. */
    drop: (name: string, bytes: Buffer) => writeFile(join(folder, name), bytes),
    read: (path: string) => readFile(join(folder, path)),
    /** What lies in the mailbox, or in a folder of it, apart from folders. */
    async names(path = ''): Promise<string[]> {
      const entries = await readdir(join(folder, path), { withFileTypes: true }).catch(() => [])
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
    },
    /** Lets two looks pass. */
    async twoLooks(): Promise<void> {
      await stage.clock.live(120_000)
    },
    /** Sends a mail and gives its id. */
    async send() {
      const run = await stage.run()
      return { run, messageId: stage.mailer.mails.at(-1)?.messageId ?? '' }
    },
    /** Titles of what is to be told, with whom. */
    async alerts() {
      const pending = await stage.ledger.pendingAlerts()
      return pending.map(({ recipients: { route }, about }) =>
        'notice' in about ? `${route}: ${about.notice.title}` : route,
      )
    },
  }
}
