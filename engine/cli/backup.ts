import type { Command } from 'commander'
import { spellCount } from '../core/spell-count.ts'
import type { AddCommand } from './parts.ts'
import { dataFolder } from './parts.ts'

/** `jobsd backup`: the ledger and its artifacts into a folder. Exits 1 where an artifact is lost. */
export const addBackup: AddCommand = (program, parts, done) => {
  program
    .command('backup')
    .summary('copy the ledger and the files of its runs into a folder, also while the engine works')
    .requiredOption(
      '--out <dir>',
      'a folder of its own; what an earlier backup left in it is not copied again',
    )
    .option('--data <dir>', "the engine's data folder; default $JOBSD_DATA or ./.jobsd")
    .action(async (options: { out: string; data?: string }, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const report = await parts.backup(dataFolder(options.data, '.', parts.env), options.out)
      const { folder, ledgerBytes, artifacts, copied, expired, lost } = report
      const told = [
        `${folder} holds the ledger (${spellCount(ledgerBytes, 'byte')}) and ${spellCount(artifacts, 'artifact')}, ${copied} of them new`,
        ...(expired > 0 ? [`${spellCount(expired, 'artifact')} are no longer kept, as retention says`] : []),
        ...lost.map((sha256) => `lost: artifact ${sha256} is missing or damaged in the data folder`),
      ]
      parts.print(json ? JSON.stringify(report, null, 2) : told.join('\n'))
      done(lost.length > 0 ? 1 : 0)
    })
}
