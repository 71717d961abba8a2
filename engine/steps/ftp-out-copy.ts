import type { RemoteFiles } from '../core/contracts/endpoints.ts'
import type { StepType } from '../core/contracts/step.ts'
import type { RunFile } from '../core/model.ts'
import { joinPath, splitFileName } from '../core/paths.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandPath } from '../core/tokens.ts'
import { deliverFiles } from './deliver-files.ts'

/** Copies each file of `from` into a folder of an SFTP server or of the engine's machine. */
export const ftpOutCopyStep: StepType<'ftp-out-copy'> = {
  type: 'ftp-out-copy',
  async run(step, context) {
    const { artifacts, endpoints, run, signal, snapshot } = context
    const files = context.inputs(step.from)
    const connection = context.connection(step.connection)
    const remote = endpoints.files(connection)
    return await deliverFiles(context, step.connection, files, (file) => {
      const folder = expandPath(
        step.path,
        tokenValues(run, snapshot, { ...splitFileName(file.fileName), period: file.period }),
      )
      const path = joinPath(folder, file.fileName)
      return {
        place: path,
        target: `${connection.type}:${step.connection}:${path}`,
        look: () => holdsFile(remote, path, file, signal),
        send: async ({ id, sending }) => {
          const localPath = await artifacts.open(file.sha256, file.size)
          const overwrite = context.resend ? 'replace' : (step.overwrite ?? 'fail')
          await sending()
          const { sha256, size } = file
          return await remote.put({ path, localPath, size, sha256, key: id, overwrite }, signal)
        },
      }
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
