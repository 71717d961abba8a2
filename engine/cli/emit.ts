import { type Command, InvalidArgumentError } from 'commander'
import type { EventData } from '../core/model.ts'
import type { AddCommand } from './parts.ts'
import { dataFolder } from './parts.ts'

/** `jobsd emit TYPE --client C`: post an event to the running engine. */
export const addEmit: AddCommand = (program, parts, done) => {
  program
    .command('emit')
    .summary('post an event, such as campaign.ended')
    .argument('<type>', "the event's type")
    .requiredOption('--client <name>', 'the client it is about')
    .option(
      '--data <name=value...>',
      'a field of the event, such as campaign.id=C-1001; a file of fields is not read',
      collectField,
      {},
    )
    .option('--data-folder <dir>', "the engine's data folder; default $JOBSD_DATA or ./.jobsd")
    .action(
      async (
        type: string,
        options: { client: string; data: EventData; dataFolder?: string },
        command: Command,
      ) => {
        const { json } = command.optsWithGlobals<{ json?: boolean }>()
        const engine = await parts.connect({
          data: dataFolder(options.dataFolder, '.', parts.env),
          needs: 'engine',
        })
        try {
          const runs = await engine.emit(type, options.client, options.data)
          if (json) parts.print(JSON.stringify({ runs }))
          else
            parts.print(
              runs.length > 0
                ? `recorded; runs ${runs.join(', ')}`
                : 'recorded; no enabled job of this client waits for it',
            )
          done(0)
        } finally {
          await engine.close()
        }
      },
    )
}

/** `a.b=c` into `{ a: { b: 'c' } }`, added to what was collected. */
export function collectField(text: string, data: EventData): EventData {
  const [path = '', ...rest] = text.split('=')
  if (rest.length === 0 || !/^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*$/.test(path)) {
    throw new InvalidArgumentError('It is not name=value.')
  }
  const names = path.split('.')
  const last = names.pop() as string
  let place = data
  for (const name of names) {
    const inner = Object.hasOwn(place, name) ? place[name] : undefined
    const next: EventData = typeof inner === 'object' ? inner : {}
    place[name] = next
    place = next
  }
  place[last] = rest.join('=')
  return data
}
