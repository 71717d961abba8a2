/** What becomes of a call: its stages, and who took it. */
import { SECOND } from '../../engine/core/civil.ts'
import { inboundResults, outboundResults, type SampleClient, type SampleRow } from './sample-domain.ts'
import type { Floor } from './sample-floor.ts'
import { draw, pick, waitS } from './sample-random.ts'

export interface CallStart {
  row: SampleRow
  startMs: number
  isOutbound: boolean
}

export interface Course extends CallStart {
  /** What it comes to, or what it wants: an agent, where this is an operator transfer. */
  result: string
  ringS: number
  /** An announcement or a menu. */
  messageS: number
  /** When it asks for an agent. */
  queuedMs: number
  legs: SampleRow[]
}

const transfer = 'Operator Transfer'
const terminationCodes: [string, number][] = [
  ['Promise to Pay', 22],
  ['Resolved', 26],
  ['Callback Requested', 12],
  ['Refused', 14],
  ['Wrong Party', 9],
  ['No Decision', 17],
]

/** The part of a call before an agent is asked for. */
export function beginCourse(start: CallStart, random: () => number): Course {
  const { isOutbound, startMs } = start
  const result = draw(isOutbound ? outboundResults : inboundResults, random)
  const isMade = !result.endsWith('(Not Made)')
  const isAnswered = isMade && !/^(No Answer|Busy|Invalid|Not Available)/.test(result)
  const ringS = !isMade ? 0 : isOutbound ? ringOf(isAnswered, random) : 1 + Math.floor(random() * 4)
  const isTransfer = result === transfer
  const messageS = isOutbound && isTransfer ? 0 : isAnswered ? 3 + Math.floor(random() ** 2 * 45) : 0
  const queuedMs = startMs + (ringS + messageS) * SECOND
  Object.assign(start.row, {
    start_at: new Date(startMs),
    answer_at: isAnswered ? new Date(startMs + ringS * SECOND) : null,
    end_at: new Date(queuedMs),
    ring_s: ringS,
    hold_s: 0,
    talk_s: 0,
    wrap_s: 0,
    result,
    abandon_stage: !isOutbound && !isTransfer ? 'ivr' : null,
    callback: false,
    right_party: false,
    termination_code: null,
    agent_logon: null,
    ...(!isTransfer && { skill: null }),
  })
  const course = { ...start, result, ringS, messageS, queuedMs, legs: [] }
  const went = isTransfer ? 'connected' : result === 'Hung Up in Opening' ? 'abandoned' : 'completed'
  if (messageS > 0) addLeg(course, 'ivr', startMs + ringS * SECOND, queuedMs, went)
  return course
}

function ringOf(isAnswered: boolean, random: () => number): number {
  return 2 + Math.floor(random() * (isAnswered ? 18 : 28))
}

/** The part with an agent, of a call that wants one. Calls must come in the order in which they queue. */
export function serveCourse(course: Course, floor: Floor, random: () => number): void {
  const { row, isOutbound, queuedMs } = course
  const isHasty = random() < 0.012
  const patienceS = isHasty ? 1 + Math.floor(random() * 5) : 6 + waitS(isOutbound ? 40 : 240, random)
  const maxHoldS = isOutbound ? 60 : 600
  const found = floor.take(String(row.service), queuedMs, Math.min(patienceS, maxHoldS))
  if (!found) {
    const isMaxHold = patienceS >= maxHoldS
    const endMs = queuedMs + Math.min(patienceS, maxHoldS) * SECOND
    addLeg(course, 'queue', queuedMs, endMs, isMaxHold ? 'max-hold' : 'abandoned')
    abandon(course, isMaxHold ? 'Abandoned Max Hold Time' : 'Caller Abandoned', 'queue', endMs)
    row.callback = !isMaxHold && !isOutbound && random() < 0.15
    return
  }
  const { worker, atMs } = found
  addLeg(course, 'queue', queuedMs, atMs, 'connected')
  row.agent_logon = worker.logon
  // An agent's phone rings for callers; a dialed person is put through at once, if not always heard.
  const isMissed = random() < 0.007
  const isLost = !isMissed && !isOutbound && random() < 0.008
  const rings = isMissed ? 20 : isOutbound ? 0 : 1 + Math.floor(random() * (isLost ? 14 : 7))
  const connectMs = atMs + rings * SECOND
  if (isMissed || isLost) {
    addLeg(course, 'ringing', atMs, connectMs, isMissed ? 'agent-abandoned' : 'abandoned', worker.logon)
    abandon(course, isMissed ? 'Agent Abandoned' : 'Caller Abandoned', 'ringing', connectMs)
    if (isMissed) worker.miss(connectMs)
    else row.agent_logon = null
    return
  }
  if (rings > 0) addLeg(course, 'ringing', atMs, connectMs, 'connected', worker.logon)
  const talkS = 15 + waitS(190, random)
  const onHoldS = talkS > 60 && random() < 0.15 ? 5 + Math.floor(random() * (talkS / 3)) : 0
  const wrapS = 4 + waitS(28, random)
  const endMs = connectMs + talkS * SECOND
  worker.talk({ atMs: connectMs, talkS, onHoldS, wrapS })
  addLeg(course, 'agent', connectMs, endMs, 'completed', worker.logon)
  const code = draw(terminationCodes, random)
  Object.assign(row, {
    end_at: new Date(endMs),
    hold_s: (connectMs - queuedMs) / SECOND,
    talk_s: talkS,
    wrap_s: wrapS,
    callback: code === 'Callback Requested',
    termination_code: code,
    right_party: code !== 'Wrong Party' && random() < (isOutbound ? 0.5 : 0.98),
  })
}

function abandon(course: Course, why: string, stage: string, endMs: number): void {
  Object.assign(course.row, {
    result: `${transfer} (${why})`,
    abandon_stage: stage,
    end_at: new Date(endMs),
    hold_s: (endMs - course.queuedMs) / SECOND,
  })
}

function addLeg(
  { row, legs }: Course,
  kind: string,
  startMs: number,
  endMs: number,
  outcome: string,
  logon: string | null = null,
): void {
  legs.push({
    client: row.client!,
    call_center: row.call_center!,
    seq: legs.length + 1,
    kind,
    skill: kind === 'ivr' ? null : (row.skill ?? null),
    agent_logon: logon,
    start_at: new Date(startMs),
    end_at: new Date(endMs),
    outcome,
  })
}

/** The client's own codes for what a call came to. */
export function addOutcomes({ row }: Course, { outcomes }: SampleClient, random: () => number): void {
  const codes = outcomes[String(row.result)]
  row.custom_outcome_1 = codes ? pick(codes, random) : null
  row.custom_outcome_2 = codes && random() < 0.1 ? pick(codes, random) : null
  row.custom_outcome_3 = null
}
