/** The agents of one call center through one day: who is free when, and what their states were. */
import { DAY, HOUR, MINUTE, SECOND } from '../../engine/core/civil.ts'
import { firstInstantOfWall } from '../../engine/core/zone.ts'
import type { SampleRow } from './sample-domain.ts'
import { pick } from './sample-random.ts'

export interface Talk {
  atMs: number
  talkS: number
  /** Seconds within the talk that the other side was put on hold. */
  onHoldS: number
  wrapS: number
}

export interface Worker {
  readonly logon: string
  /** Ready until then, talks, wraps up. */
  talk(talk: Talk): void
  /** Lets a call ring until then; the platform makes who does that Not Ready for a minute. */
  miss(atMs: number): void
}

export interface Floor {
  /** Who takes a call that queues since then, the longest idle first; undefined where nobody is free in time. */
  take(service: string, queuedMs: number, limitS: number): { worker: Worker; atMs: number } | undefined
  /** Logs everybody off. */
  close(): { sessions: SampleRow[]; states: SampleRow[] }
}

/** Due once the agent is free: a pause, or the end of a session that another one follows. */
interface Pause {
  atMs: number
  lengthMs: number
  reason: string
  isLogoff: boolean
}

interface Shift extends Worker {
  readonly service: string
  readonly freeMs: number
  /** The first moment from then on at which a call could come; undefined after the shift. */
  freeFrom(atMs: number): number | undefined
  end(): void
}

const audioPaths = ['softphone', 'softphone', 'softphone', 'phone']

/** `day` as in `sampleDay`; calls must be offered in the order in which they queue. */
export function createFloor(
  agents: SampleRow[],
  place: { timezone: string; day: number; staffing: number },
  random: () => number,
): Floor {
  const sessions: SampleRow[] = []
  const states: SampleRow[] = []
  const services = [...new Set(agents.map(({ service }) => String(service)))]
  const shifts = services.flatMap((service) =>
    planShifts(
      agents.filter((agent) => agent.service === service),
      place,
    ).map(({ agent, fromMs, untilMs }) => startShift(agent, fromMs, untilMs)),
  )

  function startShift(agent: SampleRow, fromMs: number, untilMs: number): Shift {
    const pauses = planPauses(fromMs, random)
    const { logon, client, call_center, service } = agent
    const ip = `10.20.${1 + Math.floor(random() * 8)}.${10 + Math.floor(random() * 200)}`
    const date = new Date(place.day * DAY).toISOString().slice(2, 10).replaceAll('-', '')
    let freeMs = 0
    let sessionCount = 0
    let session: SampleRow

    function record(state: string, reason: string | null, endMs: number): void {
      if (endMs <= freeMs) return
      states.push({
        session_id: session.session_id!,
        client: client!,
        call_center: call_center!,
        logon: logon!,
        service: service!,
        state,
        reason,
        start_at: new Date(freeMs),
        end_at: new Date(endMs),
      })
      freeMs = endMs
    }

    function logIn(atMs: number): void {
      sessionCount++
      session = {
        session_id: `${logon}-${date}-${sessionCount}`,
        client: client!,
        call_center: call_center!,
        logon: logon!,
        service: service!,
        login_at: new Date(atMs),
        ip,
        audio_path: pick(audioPaths, random),
      }
      sessions.push(session)
      freeMs = atMs
      record('Not Ready', 'Login', atMs + (8 + Math.floor(random() * 50)) * SECOND)
    }

    function logOff(reason: string): void {
      session.logoff_at = new Date(freeMs)
      session.logoff_reason = reason
      const { login_at, logoff_at, ip, audio_path, logoff_reason, ...whose } = session
      states.push({ ...whose, state: 'Logoff', reason, start_at: logoff_at!, end_at: logoff_at! })
    }

    function takePause({ atMs, lengthMs, reason, isLogoff }: Pause): void {
      record('Ready', null, atMs)
      if (isLogoff) {
        logOff(reason)
        logIn(freeMs + lengthMs)
      } else record('Not Ready', reason, freeMs + lengthMs)
    }

    logIn(fromMs)
    return {
      logon: String(logon),
      service: String(service),
      get freeMs() {
        return freeMs
      },
      freeFrom(atMs) {
        for (;;) {
          const free = Math.max(atMs, freeMs)
          const [pause] = pauses
          if (pause && pause.atMs <= free && Math.max(pause.atMs, freeMs) < untilMs) {
            takePause(pauses.shift()!)
          } else return free < untilMs ? free : undefined
        }
      },
      talk({ atMs, talkS, onHoldS, wrapS }) {
        record('Ready', null, atMs)
        const beforeS = onHoldS > 0 ? Math.floor((talkS - onHoldS) / 2) : talkS
        record('In Call', null, atMs + beforeS * SECOND)
        record('Hold', null, atMs + (beforeS + onHoldS) * SECOND)
        record('In Call', null, atMs + talkS * SECOND)
        record('Wrap', null, atMs + (talkS + wrapS) * SECOND)
      },
      miss(atMs) {
        record('Ready', null, atMs)
        record('Not Ready', 'Missed Call', atMs + MINUTE)
      },
      end() {
        this.freeFrom(untilMs - 1)
        record('Ready', null, untilMs)
        logOff(random() < 0.03 ? 'Forced by supervisor' : 'Shift end')
      },
    }
  }

  return {
    take(service, queuedMs, limitS) {
      let best: { shift: Shift; atMs: number } | undefined
      for (const shift of shifts) {
        if (shift.service !== service) continue
        const atMs = shift.freeFrom(queuedMs)
        if (atMs === undefined || atMs > queuedMs + limitS * SECOND) continue
        const isSooner = !best || atMs < best.atMs || (atMs === best.atMs && shift.freeMs < best.shift.freeMs)
        if (isSooner) best = { shift, atMs }
      }
      return best && { worker: best.shift, atMs: best.atMs }
    },
    close() {
      for (const shift of shifts) shift.end()
      return { sessions, states }
    },
  }
}

/** Day shifts begin from 6:30 to 13:00; the last agent has the night, over midnight and every cut-off. */
function planShifts(
  agents: SampleRow[],
  { timezone, day, staffing }: { timezone: string; day: number; staffing: number },
) {
  const at = (hours: number) => firstInstantOfWall(timezone, day * DAY + hours * HOUR)
  const byDay = agents.slice(0, -1)
  const count = Math.min(byDay.length, Math.max(2, Math.round(byDay.length * staffing)))
  const shifts = Array.from({ length: count }, (_, place) => {
    const fromMs = at(6.5) + Math.round((place / Math.max(1, count - 1)) * 26) * 15 * MINUTE
    return { agent: byDay[(place + day) % byDay.length]!, fromMs, untilMs: fromMs + 8 * HOUR }
  })
  return [...shifts, { agent: agents.at(-1)!, fromMs: at(20.5), untilMs: at(29) }]
}

function planPauses(fromMs: number, random: () => number): Pause[] {
  const pause = (hours: number, minutes: number, reason: string, isLogoff = false): Pause => ({
    atMs: fromMs + Math.floor(hours * 3600 + random() * 1500) * SECOND,
    lengthMs: Math.floor(minutes * 60 * (0.85 + random() * 0.3)) * SECOND,
    reason,
    isLogoff,
  })
  const pauses = [pause(1.9, 15, 'Break'), pause(3.9, 30, 'Lunch'), pause(6.1, 15, 'Break')]
  if (random() < 0.2) pauses.push(pause(2.7, 25, 'Coaching'))
  if (random() < 0.08) pauses.push(pause(5, 2, 'Connection lost', true))
  return pauses.sort((a, b) => a.atMs - b.atMs)
}
