import { rm, writeFile } from 'node:fs/promises'
import type { HttpAnswer, HttpBody, HttpRequest } from '../core/contracts/http.ts'
import type { OfferedFile, StepContext, StepType } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import { mediaTypeOf } from '../core/media-type.ts'
import type { Artifact, RunFile, StepOf } from '../core/model.ts'
import { splitFileName } from '../core/paths.ts'
import { expandJson, expandQuery, expandRequestPath } from '../core/request-target.ts'
import { spellCount } from '../core/spell-count.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandTokens, type TokenValues } from '../core/tokens.ts'

type HttpStep = StepOf<'http-request'>

/** One request of the step. */
interface Planned {
  file: RunFile | null
  values: TokenValues
  path: string
  /** `POST /campaigns` */
  name: string
  target: string
  key: string
}

/** What became of one request. */
interface Answered {
  status: string
  offered: OfferedFile | null
}

/**
 * Sends one request, or each file of `from` in one. What changes something goes through the outbox: a repeat sends only
 * what was not answered, always under the same Idempotency-Key. A GET is simply asked again.
 */
export const httpRequestStep: StepType<'http-request'> = {
  type: 'http-request',
  async run(step, context) {
    const planned = planRequests(step, context)
    const only = context.resend?.targets
    const wanted = only ? planned.filter(({ target }) => only.includes(target)) : planned
    const answers: Answered[] = []
    for (const each of wanted) answers.push(await sendOne(step, each, context))
    const what =
      wanted.length === 1 ? wanted[0]!.name : `${spellCount(wanted.length, 'request')} ${step.method}`
    const statuses = [...new Set(answers.map(({ status }) => status))].join(', ')
    const note = context.run.dryRun
      ? `${what} would be sent to ${step.connection}`
      : `${what} to ${step.connection} was answered ${statuses}`
    return { ok: true, note, files: answers.flatMap(({ offered }) => offered ?? []) }
  },
}

/** Throws FILE_EXISTS where two files would be sent as the same thing, or their answers saved under one name. */
function planRequests(step: HttpStep, context: StepContext): Planned[] {
  const { run, snapshot, resend } = context
  const files = step.from === undefined ? [null] : context.inputs(step.from)
  const names = new Set<string>()
  return files.map((file, index) => {
    const about = file ? { ...splitFileName(file.fileName), period: file.period } : { ext: '', period: null }
    const values = tokenValues(run, snapshot, about)
    const path = expandRequestPath(step.path, values)
    const name = `${step.method} ${path}`
    const target = `http:${step.connection}:${name}${file ? `#${file.fileName}` : ''}`
    for (const taken of [target, ...(step.saveAs === undefined ? [] : [expandTokens(step.saveAs, values)])]) {
      if (names.has(taken)) throw new JobsdError('FILE_EXISTS', { path: taken })
      names.add(taken)
    }
    // Sent once more on purpose it is another request: under its old key, services would do nothing.
    const key = `${resend?.runId ?? run.id}/${step.name}${files.length > 1 ? `/${index + 1}` : ''}`
    return { file, values, path, name, target, key }
  })
}

async function sendOne(step: HttpStep, planned: Planned, context: StepContext): Promise<Answered> {
  const { file, target } = planned
  if (step.method === 'GET') {
    if (context.run.dryRun) return await standIn(step, planned, context)
    return readNote(await exchange(step, planned, context, async () => undefined), step, planned)
  }
  const delivery = await context.deliver({
    target,
    file,
    onDoubt: isRepeatable(step) ? 'resend' : 'hold',
    send: ({ sending }) => exchange(step, planned, context, sending),
  })
  if (context.run.dryRun) return await standIn(step, planned, context)
  // Read from the delivery's note because that is what is still known when the engine was killed right after the answer.
  return readNote(delivery.note, step, planned)
}

/** Whether it may be sent again where nobody can tell whether the service acted on it. */
function isRepeatable({ method, onDoubt }: HttpStep): boolean {
  return (method !== 'POST' && method !== 'PATCH') || onDoubt === 'resend'
}

/** Sends the request, keeps its answer where it is wanted, and tells both in one line. */
async function exchange(
  step: HttpStep,
  { file, values, path, key }: Planned,
  { artifacts, connection, endpoints, log, run, signal }: StepContext,
  sending: () => Promise<void>,
): Promise<string> {
  // A service would take what the disk made of it for what was meant.
  if (file) await artifacts.verify(file.sha256, file.size)
  const body: HttpBody = file
    ? {
        kind: 'file',
        localPath: await artifacts.open(file.sha256, file.size),
        size: file.size,
        mediaType: file.mediaType,
      }
    : step.json
      ? { kind: 'json', text: JSON.stringify(expandJson(step.json, values)) }
      : { kind: 'none' }
  const saveTo = step.saveAs === undefined ? undefined : await artifacts.scratch()
  try {
    const request: HttpRequest = {
      method: step.method,
      path,
      query: expandQuery(step.query ?? {}, values),
      body,
      idempotencyKey: key,
      isRepeatable: isRepeatable(step),
      ...(step.expect && { expect: step.expect }),
      ...(saveTo !== undefined && { saveTo }),
    }
    const answer = await endpoints.http(connection(step.connection)).send(request, sending, signal)
    if (saveTo === undefined || answer.lost !== undefined) return writeNote(answer, null)
    try {
      return writeNote(answer, await artifacts.adopt(saveTo))
    } catch (error) {
      // It was taken: whatever becomes of its answer here, only what may be repeated is sent again for it.
      if (request.isRepeatable) throw error
      if (!(error instanceof JobsdError))
        log.error({ run: run.id, step: step.name, stack: (error as Error).stack }, 'an answer was not kept')
      const lost =
        error instanceof JobsdError ? error.message : 'an error inside jobsd: the log has its stack'
      return writeNote({ ...answer, lost }, null)
    }
  } finally {
    if (saveTo !== undefined) await rm(saveTo, { force: true })
  }
}

/** `answered 200; 12 bytes of text/csv, sha256 ...` */
function writeNote({ status, mediaType, lost }: HttpAnswer, kept: Artifact | null): string {
  if (lost !== undefined) return `answered ${status}; not kept: ${lost}`
  return `answered ${status}${kept ? `; ${kept.size} bytes of ${mediaType}, sha256 ${kept.sha256}` : ''}`
}

const keptAnswer = /; (\d+) bytes of (\S+), sha256 ([0-9a-f]{64})$/

/** Throws ANSWER_LOST for one that is wanted and was not kept. */
function readNote(note: string, step: HttpStep, { name, values }: Planned): Answered {
  const [, status = ''] = /^answered (\d+)/.exec(note) ?? []
  if (step.saveAs === undefined) return { status, offered: null }
  const [, size, mediaType, sha256] = keptAnswer.exec(note) ?? []
  if (size === undefined || mediaType === undefined || sha256 === undefined) {
    const reason = /; not kept: (.*)$/.exec(note)?.[1] ?? 'it was not asked for then'
    throw new JobsdError('ANSWER_LOST', { connection: step.connection, request: name, reason })
  }
  return { status, offered: offer(step.saveAs, { size: Number(size), sha256 }, mediaType, values) }
}

/** Of a dry run: an empty file for the answer that nobody asked for. */
async function standIn(step: HttpStep, { values }: Planned, { artifacts }: StepContext): Promise<Answered> {
  if (step.saveAs === undefined) return { status: '', offered: null }
  const scratch = await artifacts.scratch()
  await writeFile(scratch, '', { flag: 'wx' })
  const artifact = await artifacts.adopt(scratch)
  return { status: '', offered: offer(step.saveAs, artifact, 'application/octet-stream', values) }
}

function offer(saveAs: string, artifact: Artifact, mediaType: string, values: TokenValues): OfferedFile {
  const fileName = expandTokens(saveAs, values)
  const known = mediaTypeOf(fileName)
  const type = known === 'application/octet-stream' ? mediaType : known
  return { ...artifact, fileName, mediaType: type, rows: null, period: null, origin: null }
}
