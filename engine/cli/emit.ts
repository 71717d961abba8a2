import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { JobsdError } from '../core/errors.ts'
import type { EventData } from '../core/model.ts'
import type { EmitAnswer } from '../runtime/requests.ts'
import { collectField, mergeFields, parseFields } from './fields.ts'
import { toOneLine } from './one-line.ts'
import type { AddCommand } from './parts.ts'
import { dataFolder } from './parts.ts'

interface EmitOptions {
  client: string
  data: EventData
  dataFile?: string
  id?: string
  source?: string
  dataFolder?: string
}

/** `jobsd emit TYPE --client C`: post an event to the running engine. Exits 1 where the job refuses it. */
export const addEmit: AddCommand = (program, parts, done) => {
  program
    .command('emit')
    .summary('post an event, such as campaign.ended')
    .argument('<type>', "the event's type")
    .requiredOption('--client <name>', 'the client it is about')
    .option('--data <name=value...>', 'a field of the event, such as campaign.id=C-1001', collectField, {})
    .option('--data-file <path>', 'its fields as a JSON object; --data goes over them')
    .option('--id <id>', 'its id: posted again with the same data, it starts nothing again')
    .option('--source <source>', 'who sends it; an id is unique for its source; default by-hand')
    .option('--data-folder <dir>', "the engine's data folder; default $JOBSD_DATA or ./.jobsd")
    .action(async (type: string, options: EmitOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const { client, id, source } = options
      const data = mergeFields(await readFields(options.dataFile), options.data)
      const engine = await parts.connect({
        data: dataFolder(options.dataFolder, '.', parts.env),
        needs: 'engine',
      })
      try {
        const answer = await engine.emit({ type, client, data, ...(id && { id }), ...(source && { source }) })
        parts.print(json ? JSON.stringify(toEmitJson(answer)) : describeAnswer(answer))
        done(answer.outcome === 'refused' ? 1 : 0)
      } finally {
        await engine.close()
      }
    })
}

async function readFields(path: string | undefined): Promise<EventData> {
  if (path === undefined) return {}
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new JobsdError('BAD_REQUEST', { reason: `${path} cannot be read: ${error.message}` })
  })
  return parseFields(text, path)
}

function toEmitJson({ id, known, outcome, note, runIds }: EmitAnswer) {
  return { id, known, outcome, note, runs: runIds }
}

function describeAnswer({ id, known, outcome, note, runIds }: EmitAnswer): string {
  const recorded = known ? `event ${id} was recorded before` : `recorded as event ${id}`
  if (outcome === 'refused') return toOneLine(`${recorded}, but refused: ${note}`)
  if (runIds.length > 0) return toOneLine(`${recorded}; runs ${runIds.join(', ')}`)
  return toOneLine(`${recorded}; it starts nothing: ${note || 'no enabled job of this client waits for it'}`)
}
