/** Files that are too large for a mail: put into a bucket, and told in the mail by links. */
import { MINUTE, SECOND } from '../core/civil.ts'
import type { StepContext } from '../core/contracts/step.ts'
import { parseDuration } from '../core/duration.ts'
import { mailLinkFolder } from '../core/mail-links.ts'
import type { RunFile, StepOf } from '../core/model.ts'
import { formatLocal } from '../core/zone.ts'
import { deliverFiles } from './deliver-files.ts'
import { entryNames } from './entry-names.ts'

export interface FileLink {
  fileName: string
  /** In bytes. */
  size: number
  url: string
  /** On the client's clock: `2026-11-30 18:31 (America/Chicago)`. */
  until: string
}

type LinkingStep = StepOf<'email'>

/**
 * Puts each file into the bucket, as a delivery of its own. `only` are the targets that are wanted, null is all. What an
 * earlier attempt has put is not put again.
 */
export async function putLinkedFiles(
  step: LinkingStep,
  files: RunFile[],
  context: StepContext,
  only: string[] | null,
): Promise<void> {
  const { artifacts, endpoints, resend, signal } = context
  const connection = step.linkConnection!
  const store = endpoints.objects(context.connection(connection))
  const keys = keysOf(step, files, context)
  const given = resend ? { ...context, resend: { ...resend, targets: only } } : context
  await deliverFiles(given, connection, files, (file) => {
    const { mediaType, sha256, size } = file
    const key = keys.get(file)!
    return {
      place: key,
      target: `s3:${connection}:${key}`,
      look: async () => {
        const object = await store.head(key, signal)
        return object !== undefined && object.size === size && object.sha256 === sha256
      },
      send: async ({ sending }) => {
        const localPath = await artifacts.open(sha256, size)
        await sending()
        const overwrite = 'skip-if-same'
        return await store.put({ key, localPath, size, sha256, mediaType, overwrite }, signal)
      },
    }
  })
}

/** Signs a link to each file that was put. Nobody but the mail may be given them: they open the files. */
export async function signLinks(
  step: LinkingStep,
  files: RunFile[],
  context: StepContext,
): Promise<FileLink[]> {
  const { clock, endpoints, signal, snapshot } = context
  const { timezone } = snapshot.client
  const store = endpoints.objects(context.connection(step.linkConnection!))
  const forMs = parseDuration(step.linkFor ?? '7d')
  // Told by the minute that has begun: never later than the link really ends.
  const untilMs = Math.floor((clock.now().getTime() + forMs) / MINUTE) * MINUTE
  const until = `${formatLocal(timezone, untilMs, 'yyyy-MM-dd HH:mm')} (${timezone})`
  const keys = keysOf(step, files, context)
  const links: FileLink[] = []
  for (const file of files) {
    const url = await store.link(keys.get(file)!, forMs / SECOND, signal)
    links.push({ fileName: file.fileName, size: file.size, url, until })
  }
  return links
}

function keysOf(step: LinkingStep, files: RunFile[], { run, snapshot }: StepContext): Map<RunFile, string> {
  const folder = mailLinkFolder(snapshot.manifest.name, run.id, step.name)
  const names = entryNames(files.map(({ fileName }) => fileName))
  return new Map(files.map((file, index) => [file, folder + names[index]!]))
}
