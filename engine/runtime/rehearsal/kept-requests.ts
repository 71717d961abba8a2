/** A web service that takes every request and answers nothing of its own. */
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HttpBody, HttpClient, HttpRequest } from '../../core/contracts/http.ts'
import type { RunFile, Step } from '../../core/model.ts'
import type { Capture, SentFile } from './recorder.ts'
import { sealOf } from './seals.ts'

const sampleAnswer = '{}\n'

interface RequestStep {
  step: string
  connection: string
  files: RunFile[]
  steps: readonly Step[]
}

/** What changes something is recorded as sent; a GET is only answered. */
export function keptRequests(
  about: RequestStep,
  record: (capture: Extract<Capture, { localPath: string }>) => Promise<void>,
): HttpClient {
  return {
    async send(request, transmitting) {
      await transmitting()
      if (request.method !== 'GET') await recordRequest(about, request, record)
      if (request.saveTo !== undefined) await writeFile(request.saveTo, sampleAnswer, { flag: 'wx' })
      return { status: request.expect?.[0] ?? 200, mediaType: 'application/json' }
    },
  }
}

async function recordRequest(
  { step, connection, files, steps }: RequestStep,
  { method, path, query, body }: HttpRequest,
  record: (capture: Extract<Capture, { localPath: string }>) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'jobsd-request-'))
  try {
    const localPath = body.kind === 'file' ? body.localPath : await writeBody(folder, body)
    const bytes = await readFile(localPath)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const offered = body.kind === 'file' ? files.find((file) => file.sha256 === sha256) : undefined
    const seal = offered && sealOf(offered, steps)
    const sent: SentFile = {
      step,
      type: 'http',
      connection,
      place: `${method} ${path}${query && `?${query}`}`,
      fileName: offered?.fileName ?? (body.kind === 'json' ? 'request.json' : 'request'),
      rows: offered?.rows ?? null,
      size: bytes.length,
      sha256,
      ...(seal !== undefined && { seal }),
    }
    await record({ sent, localPath })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function writeBody(folder: string, body: Exclude<HttpBody, { kind: 'file' }>): Promise<string> {
  const path = join(folder, 'body')
  await writeFile(path, body.kind === 'json' ? body.text : '')
  return path
}
