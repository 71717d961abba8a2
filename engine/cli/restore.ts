import type { Command } from 'commander'
import { spellCount } from '../core/spell-count.ts'
import type { AddCommand } from './parts.ts'

interface RestoreOptions {
  data: string
  unsafeFs?: boolean
}

/** `jobsd restore FROM`: a backup into an empty data folder, once every byte of it was read. */
export const addRestore: AddCommand = (program, parts, done) => {
  program
    .command('restore')
    .summary('bring a backup back into an empty data folder')
    .argument('<from>', "a backup's folder")
    .requiredOption('--data <dir>', 'the data folder: empty, or not there yet')
    .option('--unsafe-fs', 'also onto a network file system')
    .action(async (from: string, { data, unsafeFs }: RestoreOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const report = await parts.restore(from, data, unsafeFs ?? false)
      const { folder, createdAt, artifacts, missing } = report
      const told = [
        `${folder} is as it was at ${createdAt}: the ledger and ${spellCount(artifacts, 'artifact')}`,
        ...(missing > 0 ? [`${spellCount(missing, 'artifact')} of its runs are not in the backup`] : []),
      ]
      parts.print(json ? JSON.stringify(report, null, 2) : told.join('\n'))
      done(0)
    })
}
