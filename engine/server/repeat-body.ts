/** What is asked of the engine about a run, as it comes over the control socket. */
import { JobsdError } from '../core/errors.ts'
import type { RepeatRequest, RerunRequest, ResendRequest } from '../runtime/repeat-requests.ts'

/** Each throws BAD_REQUEST for what is not of its shape. */
export function readRepeat(body: unknown): RepeatRequest {
  const { run, who, why } = fieldsOf(body)
  if (typeof run !== 'string' || typeof who !== 'string' || typeof why !== 'string')
    throw refuse('run, who and why must be texts')
  return { run, who, why }
}

export function readRerun(body: unknown): RerunRequest {
  const { from } = fieldsOf(body)
  if (from !== undefined && typeof from !== 'string') throw refuse('from must be a text')
  return { ...readRepeat(body), ...(from !== undefined && { from }) }
}

export function readResend(body: unknown): ResendRequest {
  const { targets } = fieldsOf(body)
  if (targets === undefined) return readRepeat(body)
  if (!Array.isArray(targets) || !targets.every((target) => typeof target === 'string'))
    throw refuse('targets must be a list of texts')
  return { ...readRepeat(body), targets }
}

function fieldsOf(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}

function refuse(reason: string): JobsdError {
  return new JobsdError('BAD_REQUEST', { reason })
}
