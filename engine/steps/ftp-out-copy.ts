import { suffixOf } from '../core/companion-suffix.ts'
import type { PutRequest, RemoteFiles } from '../core/contracts/endpoints.ts'
import type { StepType } from '../core/contracts/step.ts'
import type { RunFile } from '../core/model.ts'
import { joinPath, splitFileName } from '../core/paths.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandPath } from '../core/tokens.ts'
import { companionOf, withTextFile } from './companion-file.ts'
import { deliverFiles, type FileDelivery } from './deliver-files.ts'

/** As many as an SFTP connection has operations by default. */
const atOnce = 16

/** Copies each file of `from` into a folder of an SFTP server or of the engine's machine. */
export const ftpOutCopyStep: StepType<'ftp-out-copy'> = {
  type: 'ftp-out-copy',
  async run(step, context) {
    const { artifacts, endpoints, resend, run, signal, snapshot } = context
    const { companion, permissions, verify } = step
    const files = context.inputs(step.from)
    const connection = context.connection(step.connection)
    const remote = endpoints.files(connection)
    const isRenamed = step.overwrite === 'rename'
    // What is sent once more takes no name that may be somebody else's by now.
    const overwrite = resend && !isRenamed ? 'replace' : (step.overwrite ?? 'fail')
    const settings = {
      overwrite,
      ...(verify && { verify }),
      ...(permissions && { mode: Number.parseInt(permissions, 8) }),
    }

    /** The delivery of a file to a path, its bytes where `withBytes` says. */
    function deliveryTo(
      path: string,
      { size, sha256 }: RunFile,
      withBytes: (use: (localPath: string) => Promise<string>) => Promise<string>,
    ): FileDelivery {
      const holds = (at: string) => holdsFile(remote, at, { size, sha256 }, signal)
      return {
        place: path,
        target: `${connection.type}:${step.connection}:${path}`,
        look: async (named) => (isRenamed ? named !== '' && (await holds(named)) : holds(path)),
        send: ({ id, sending }) =>
          withBytes(async (localPath) => {
            const request: PutRequest = { path, localPath, size, sha256, key: id, ...settings }
            if (isRenamed) return remote.put({ ...request, naming: sending }, signal)
            await sending()
            return remote.put(request, signal)
          }),
      }
    }

    function describe(file: RunFile): FileDelivery {
      const values = tokenValues(run, snapshot, { ...splitFileName(file.fileName), period: file.period })
      const path = joinPath(expandPath(step.path, values), file.fileName)
      return deliveryTo(path, file, async (use) => use(await artifacts.open(file.sha256, file.size)))
    }

    return await deliverFiles(context, step.connection, files, describe, {
      atOnce,
      ...(companion && {
        companion(of: RunFile, { place }: FileDelivery) {
          const { file, text } = companionOf(companion, of)
          const path = place + suffixOf(companion)
          return { file, ...deliveryTo(path, file, (use) => withTextFile(artifacts, text, use)) }
        },
      }),
    })
  },
}

/** Tells whether exactly these bytes lie at the path. */
export async function holdsFile(
  remote: RemoteFiles,
  path: string,
  file: Pick<RunFile, 'sha256' | 'size'>,
  signal: AbortSignal,
): Promise<boolean> {
  // The size first: it is cheap, and a wrong one saves reading the whole file.
  const entry = await remote.stat(path, signal)
  if (entry === undefined || entry.kind !== 'file' || entry.size !== file.size) return false
  return (await remote.hash(path, signal)) === file.sha256
}
