import { join } from 'node:path'
import type { Command } from 'commander'
import { readClientInput } from '../catalog/read-input.ts'
import { renderClientSite, writeSite } from '../catalog/site.ts'
import { clientView } from '../catalog/views.ts'
import { compileJob } from '../config/compile.ts'
import { loadConfigAside } from '../config/load.ts'
import type { ConfigSource } from '../core/contracts/config-source.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import { JobsdError } from '../core/errors.ts'
import type { JobId, Snapshot } from '../core/model.ts'
import { printNewToken } from './new-token.ts'
import type { AddCommand } from './parts.ts'
import { dataFolder } from './parts.ts'

interface CatalogOptions {
  out?: string
  newToken?: boolean
  client?: string
  platform?: string
  data?: string
}

/** `jobsd catalog [DIR] --out SITE`: the customers' pages, a folder a client. */
export const addCatalog: AddCommand = (program, parts, done) => {
  program
    .command('catalog')
    .summary("write the customers' read-only pages, one folder a client")
    .argument('[dir]', 'the config repository', '.')
    .option('--out <site>', 'where to write them')
    .option('--new-token', 'write nothing; print a new token, and the lines that put it into the policy')
    .option('--client <name>', 'only this client')
    .option('--platform <dir>', "take the operators' documents from here instead of jobs.d/platform")
    .option('--data <dir>', "the engine's data folder, for the history; default $JOBSD_DATA or DIR/.jobsd")
    .action(async (dir: string, options: CatalogOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      if (options.newToken) {
        printNewToken(parts, json ?? false)
        return done(0)
      }
      const { out } = options
      if (out === undefined) command.error('error: --out <site> says where to write the pages')
      const platform = options.platform ?? parts.env.JOBSD_PLATFORM
      const ledger = await parts.openLedger(dataFolder(options.data, dir, parts.env))
      try {
        const sources = {
          source: parts.source(dir),
          standard: parts.standard,
          platform: platform === undefined ? undefined : parts.platform(platform),
        }
        const catalog = await readCatalog(sources, ledger)
        const clients = [...catalog.keys()].filter(
          (name) => options.client === undefined || name === options.client,
        )
        if (clients.length === 0) {
          throw new JobsdError('BAD_REQUEST', {
            reason:
              options.client === undefined
                ? `${dir}/jobs.d has no client`
                : `there is no client ${options.client}; there are ${[...catalog.keys()].join(', ')}`,
          })
        }
        const sites: { client: string; path: string }[] = []
        for (const name of clients) {
          const { snapshots, invalid } = catalog.get(name) as ClientPart
          const client = snapshots[0]?.client
          if (!client) {
            parts.warn(`${name}: no job that ever compiled, so there is no page`)
            continue
          }
          const now = parts.now().toISOString()
          const view = clientView(await readClientInput({ client, snapshots, invalid }, ledger, now))
          await writeSite(join(out, name), renderClientSite(view))
          const path = join(out, name, 'index.html')
          sites.push({ client: name, path })
          if (!json) parts.print(path)
        }
        if (json) parts.print(JSON.stringify({ sites }, null, 2))
        done(0)
      } finally {
        await ledger?.close()
      }
    })
}

interface ClientPart {
  snapshots: Snapshot[]
  invalid: { job: JobId }[]
}

/** Each client's jobs as they run: from the manifests, or the last good version where one does not compile. */
async function readCatalog(
  {
    source,
    standard,
    platform,
  }: { source: ConfigSource; standard: ConfigSource; platform: ConfigSource | undefined },
  ledger: Ledger | undefined,
): Promise<Map<string, ClientPart>> {
  const signal = new AbortController().signal
  const [tree, standardTree, platformTree] = await Promise.all([
    source.read(signal),
    standard.read(signal),
    platform?.read(signal),
  ])
  const config = await loadConfigAside(tree, {
    standard: standardTree,
    ...(platformTree ? { platform: platformTree } : {}),
  })
  const records = (await ledger?.jobs()) ?? []
  const clients = new Map<string, ClientPart>()
  for (const job of [...config.jobFiles.keys()].sort()) {
    const name = job.slice(0, job.indexOf('/'))
    const part = clients.get(name) ?? { snapshots: [], invalid: [] }
    clients.set(name, part)
    const compiled = compileJob(config, job)
    if ('snapshot' in compiled) {
      part.snapshots.push(compiled.snapshot)
      continue
    }
    part.invalid.push({ job })
    const lastGood = records.find((record) => record.job === job)?.snapshot
    if (lastGood) part.snapshots.push(...((await ledger?.snapshots([lastGood])) ?? []))
  }
  return clients
}
