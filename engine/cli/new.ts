/** `jobsd new`: manifests that are valid from the start. */
import type { Command } from 'commander'
import { addNewCalendar } from './new-calendar.ts'
import { addNewClient } from './new-client.ts'
import { addNewConnection } from './new-connection.ts'
import { addNewJob } from './new-job.ts'
import type { AddCommand } from './parts.ts'

/** Options that every `jobsd new` has. */
export interface NewOptions {
  dir: string
  platform?: string
}

/** `jobsd new client|job|connection|calendar`: a valid manifest. Exits 1 when a new file has an error. */
export const addNew: AddCommand = (program, parts, done) => {
  const command = program.command('new').summary('write a new client, job, connection or calendar')
  for (const add of [addNewClient, addNewJob, addNewConnection, addNewCalendar]) add(command, parts, done)
  for (const kind of command.commands) addCommonOptions(kind)
}

function addCommonOptions(command: Command): void {
  command
    .option('--dir <dir>', 'the config repository', '.')
    .option('--platform <dir>', "the operators' documents are here instead of in jobs.d/platform")
    .option('--json', 'print one JSON document on standard output')
}
