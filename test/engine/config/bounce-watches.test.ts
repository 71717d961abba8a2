import t from 'tap'
import { compileBounceWatches } from '../../../engine/config/bounce-watches.ts'
import type { Config } from '../../../engine/config/config.ts'
import { connectionFile } from '../../../engine/config/layout.ts'
import type { Connection } from '../../../engine/core/manifest.ts'
import { smtp } from '../../fakes/bounce-stage.ts'
import { connections } from '../../fakes/snapshot.ts'

const mailbox = { ...connections.share!, name: 'returned-mail' } as Connection
const { bounces: _, ...plain } = smtp

/** Connections that are there, and the names of those with an error. */
function configOf(there: Connection[], broken: string[] = []): Config {
  const names = [...there.map(({ name }) => name), ...broken]
  return {
    connections: new Map(there.map((value) => [value.name, { value }])),
    files: new Map(names.map((name) => [connectionFile(name), ''])),
    firstErrors: new Map(broken.map((name) => [connectionFile(name), 'wrong'])),
  } as unknown as Config
}

t.test('what a broken connection said last is kept, until it says something else', async (t) => {
  const before = compileBounceWatches(configOf([smtp, mailbox]), [])
  t.same(before, [{ connection: smtp, mailbox }])
  const after = (...given: Parameters<typeof configOf>) => compileBounceWatches(configOf(...given), before)
  t.same(after([mailbox], ['mail']), before, 'the mail connection is broken')
  t.same(after([smtp], ['returned-mail']), before, 'its mailbox is')
  t.same(after([mailbox]), [], 'the mail connection is gone')
  t.same(after([plain, mailbox]), [], 'it names no mailbox any more')
  t.same(after([plain], ['returned-mail']), [], 'nor does it while the mailbox that it gave up is broken')
})
