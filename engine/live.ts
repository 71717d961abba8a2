/** The pages of a running engine: what they are read from, who is told of changes, where they are published. */
import { join } from 'node:path'
import type { DataFolder } from './adapters/data-folder.ts'
import { readSessionKey } from './adapters/session-key.ts'
import { createPublisher, type SiteTarget } from './catalog/publisher.ts'
import { createSiteFolder } from './catalog/site-folder.ts'
import type { NoticeFacts } from './core/contracts/alerts.ts'
import type { Clock, Log } from './core/contracts/services.ts'
import type { Engine } from './runtime/engine.ts'
import type { Changed } from './runtime/note-changes.ts'
import { createClientsInForce } from './server/clients-in-force.ts'
import type { LiveParts } from './server/http.ts'
import { createLivePages } from './server/live-pages.ts'

export interface Live extends LiveParts {
  note(changed: Changed): void
  /** Publishes until the signal aborts. */
  follow(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** The ledger must be there: it is opened once more, for reading only, so that no page waits for a write, nor a write for it. */
export async function createLive(folder: DataFolder, engine: Engine, clock: Clock, log: Log): Promise<Live> {
  const { openSqliteLedger } = await import('./adapters/ledger/sqlite.ts')
  const ledger = openSqliteLedger(folder.ledger, { readOnly: true })
  const clients = createClientsInForce(engine)
  const pages = createLivePages(ledger, clients, clock)
  const publisher = createPublisher({
    ledger,
    clock,
    log,
    clients,
    target: createTargets(engine),
    tell(client, reason, since) {
      engine.tell(`catalog-${client}-${since}`, describeFailure(client, reason)).catch((error: Error) => {
        log.error({ client, reason: error.message }, 'that its pages cannot be published cannot be told')
      })
    },
  })
  return {
    pages,
    ledger,
    sessionKey: await readSessionKey(folder.root),
    note(changed) {
      pages.note(changed)
      publisher.note(changed)
    },
    follow: publisher.follow,
    close: () => ledger.close(),
  }
}

/** The same object while the settings name the same folder. */
function createTargets(engine: Pick<Engine, 'settings'>): () => SiteTarget | undefined {
  let known: { folder: string; target: SiteTarget } | undefined
  return () => {
    const folder = engine.settings()?.catalog?.publish.folder
    if (folder === undefined) known = undefined
    else if (known?.folder !== folder) known = { folder, target: createSiteFolder(join(folder)) }
    return known?.target
  }
}

function describeFailure(client: string, reason: string): NoticeFacts {
  return {
    title: `the pages of ${client} cannot be published`,
    message: `${reason}. Its customers see the pages as they were; its runs go on.`,
    facts: [{ name: 'client', value: client }],
    list: [],
    next: 'It is tried again, at last every 5 min. Look at the folder that catalog.publish in the settings names.',
  }
}
