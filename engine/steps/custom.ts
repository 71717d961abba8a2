import type { CustomStepCode, StepResult, StepType } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import type { RunFile } from '../core/model.ts'
import { readGivenParameters } from '../core/parameters.ts'
import { hideSecrets } from '../core/secret.ts'

/** Runs step types of operators' own; `codes` are those that the engine was started with, by the name jobs use. */
export function createCustomStep(codes: ReadonlyMap<string, CustomStepCode>): StepType<'custom'> {
  return {
    type: 'custom',
    async run(step, context) {
      const files = step.from === undefined ? [] : context.inputs(step.from)
      if (context.run.dryRun) return standIn(step.uses, files)
      const definition = context.snapshot.stepTypes?.[step.uses]
      const code = codes.get(step.uses)
      if (!definition || !code)
        throw new JobsdError('STEP_CODE_MISSING', { name: step.uses, step: step.name })
      const filled = readGivenParameters(definition.inputs ?? [], step.with ?? {})
      // What a job gives was judged when it was compiled; a snapshot kept from before an upgrade may say otherwise.
      if ('faults' in filled) {
        throw new JobsdError('STEP_CODE_FAILED', { name: step.uses, reason: filled.faults.join('; ') })
      }
      const connection = step.connection === undefined ? null : context.connection(step.connection)
      const given = { step: step.name, inputs: filled.values, files, connection }
      return readResult(step.uses, await runCode(code, step.uses, given, context))
    },
  }
}

/** The same where nothing may leave the machine, and where a change is judged: none of the code is loaded. */
export const rehearsedCustomStep: StepType<'custom'> = {
  type: 'custom',
  run: (step, context) =>
    Promise.resolve(standIn(step.uses, step.from === undefined ? [] : context.inputs(step.from))),
}

/** Its files are those that it was given: what the code would make of them nobody knows. */
function standIn(name: string, files: RunFile[]): StepResult {
  return {
    ok: true,
    note: `the code of the step type ${name} is not run here`,
    files: files.map(({ step: _step, ...file }) => ({ ...file, origin: null })),
  }
}

/** Its own errors are kept as they are where they are ours; of any other only the message is told. */
async function runCode(
  code: CustomStepCode,
  name: string,
  ...args: Parameters<CustomStepCode['run']>
): Promise<unknown> {
  try {
    return await code.run(...args)
  } catch (error) {
    if (error instanceof JobsdError || args[1].signal.aborted) throw error
    const reason = oneLine(error instanceof Error ? error.message : String(error))
    throw new JobsdError('STEP_CODE_FAILED', { name, reason }, { cause: new Error(reason) })
  }
}

/** It is another's code: what it returns is looked at before it is kept. */
function readResult(name: string, result: unknown): StepResult {
  const { ok, note = '', skip, files } = Object(result) as Record<string, unknown>
  const isSound =
    typeof ok === 'boolean' &&
    typeof note === 'string' &&
    (skip === undefined || typeof skip === 'boolean') &&
    (files === undefined || (Array.isArray(files) && files.every(isFile)))
  if (!isSound) {
    const reason = 'it returned something else than { ok, note?, skip?, files? }'
    throw new JobsdError('STEP_CODE_FAILED', { name, reason })
  }
  const offered = (files as { fileName: string; mediaType?: string; sha256: string; size: number }[]) ?? []
  return {
    ok,
    note: oneLine(note),
    ...(skip && { skip }),
    files: offered.map(({ fileName, mediaType = 'application/octet-stream', sha256, size }) => {
      return { fileName, mediaType, sha256, size, rows: null, period: null, origin: null }
    }),
  }
}

function isFile(file: unknown): boolean {
  const { fileName, mediaType, sha256, size } = Object(file) as Record<string, unknown>
  return (
    typeof fileName === 'string' &&
    // No path and nothing hidden: it becomes a name on somebody's server.
    /^[^/\\\p{C}]{1,200}$/u.test(fileName) &&
    !/^\.{1,2}$/.test(fileName) &&
    (mediaType === undefined ||
      (typeof mediaType === 'string' && /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(mediaType))) &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    Number.isSafeInteger(size)
  )
}

function oneLine(text: string): string {
  // Before it is cut: half a secret would be known no more.
  return hideSecrets(text)
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim()
    .slice(0, 300)
}
