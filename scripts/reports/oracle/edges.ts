/**
 * Makes the sample data worse: rows at the edges of hours, days and clock changes, without what they refer to, of no
 * length, without an end, twice, and amounts that end in half a unit.
 */
import { changes, tenants } from './cases.ts'
import { firstMoment, offsetAt } from './clock.ts'
import type { Chance } from './random.ts'
import type { PlainRow } from './tables.ts'

export type PlainTables = Record<string, PlainRow[]>

const zoneOf = (row: PlainRow) => tenants.find(({ client }) => client === row.client)!.timezone
const read = (value: unknown) => Date.parse(`${String(value).replace(' ', 'T')}Z`) / 1000
const write = (at: number) => new Date(at * 1000).toISOString().slice(0, 19).replace('T', ' ')

/** Moves all moments of a row together. */
function move(row: PlainRow, first: string, to: number): void {
  const by = to - read(row[first])
  for (const [name, value] of Object.entries(row))
    if (name.endsWith('_at') && value !== null) row[name] = write(read(value) + by)
}

/** Within two hours of a change of the clock, or right at the edge of an hour or of a cut-off. */
function moveToEdge(row: PlainRow, first: string, chance: Chance): void {
  const zone = zoneOf(row)
  if (chance(0.6)) {
    const at = read(row[first])
    // The change that its own span of data has.
    const date = [...changes[zone]!].sort((a, b) => Math.abs(read(a) - at) - Math.abs(read(b) - at))[0]!
    move(row, first, changeOn(zone, date) + chance.between(-7200, 7200))
    return
  }
  const time = chance.pick(['00:00', '01:00', '02:30', '04:00', '14:00', '10:00'])
  const date = String(row[first]).slice(0, 10)
  move(row, first, firstMoment(zone, date, time) + chance.pick([-1, 0, 1]))
}

/** The first moment of the day with another offset than its midnight has, by quarters of an hour. */
function changeOn(zone: string, date: string): number {
  let at = firstMoment(zone, date, '00:00')
  const before = offsetAt(zone, at)
  while (offsetAt(zone, at) === before) at += 900
  return at
}

const changers: Record<string, (row: PlainRow, chance: Chance, tables: PlainTables) => PlainRow[]> = {
  calls(row, chance, tables) {
    if (chance(0.1)) moveToEdge(row, 'start_at', chance)
    if (chance(0.02)) row.call_center = null
    if (chance(0.02) && row.agent_logon !== null) row.agent_logon = 'ghost'
    if (chance(0.02) && row.agent_logon !== null) row.agent_logon = chance.pick(tables.agents!).logon!
    if (chance(0.02) && row.skill !== null) row.skill = 'unlisted'
    if (chance(0.02)) row.end_at = row.start_at!
    if (chance(0.02)) row.account = null
    if (chance(0.02)) row.custom_outcome_1 = chance.pick(['', 'Ünï, "x"', '-1', '🎧', 'ﬁ', null])
    if (chance(0.05) && row.skill !== null) row.hold_s = chance.pick([5, 10, 11, 20, 30, 31])
    if (chance(0.01)) row.campaign_id = chance.pick(['K-unlisted', null])
    if (chance(0.01)) row.right_party = true
    return [row]
  },
  agents: (row, chance) => (chance(0.1) ? [] : [chance(0.2) ? { ...row, name: 'Same Name' } : row]),
  campaigns(row, chance) {
    if (chance(0.05)) row.end_at = null
    if (chance(0.03)) row.call_center = null
    if (chance(0.2)) row.name = 'One name'
    return [row]
  },
  campaign_records: (row, chance) =>
    // All of some campaigns.
    Number(String(row.campaign_id).replace(/\D/g, '')) % 11 === 5 || chance(0.02) ? [] : [row],
  agent_sessions(row, chance) {
    if (chance(0.06)) moveToEdge(row, 'login_at', chance)
    if (chance(0.02)) row.logoff_at = null
    if (chance(0.02)) row.call_center = null
    if (chance(0.05)) row[chance.pick(['ip', 'audio_path', 'logoff_reason'])] = null
    const rows = [row]
    if (chance(0.06)) {
      const other = { ...row, session_id: `${row.session_id}-b` }
      move(other, 'login_at', read(row.login_at) + chance.between(0, 9000))
      rows.push(chance(0.3) ? { ...other, service: 'Second Service' } : other)
    }
    if (chance(0.03)) rows.push({ ...row, session_id: `${row.session_id}-c`, logoff_at: row.login_at! })
    return rows
  },
  agent_states(row, chance) {
    if (chance(0.02)) moveToEdge(row, 'start_at', chance)
    if (chance(0.005) && row.state !== 'Logoff') row.end_at = null
    if (chance(0.01)) row.call_center = null
    if (chance(0.01)) row.reason = chance.pick(['Lunch, "long"\nbreak', '@home', null])
    const rows = [row]
    if (chance(0.02)) rows.push({ ...row })
    if (chance(0.02)) rows.push({ ...row, end_at: row.start_at! })
    return rows
  },
  rates(row, chance) {
    if (row.item === 'agent-hour' && row.service === null && chance(0.3)) return []
    const rows = [row]
    if (chance(0.4)) {
      const [month] = String(row.valid_from).split(/-\d+$/)
      rows.push({
        ...row,
        rate: '1.333335',
        valid_from: `${month}-09`,
        valid_until: chance.pick([null, `${month}-20`]),
      })
    }
    if (row.item !== 'gb-day') return rows
    rows.push({ ...row, service: 'Dallas Care', free_days: 3, rate: '0.007777', valid_from: '2026-10-11' })
    rows.push({
      ...row,
      valid_from: '2026-03-17',
      free_days: 0,
      valid_until: chance.pick(['2026-03-30', '2026-10-20']),
    })
    return rows
  },
  recordings(row, chance) {
    if (chance(0.06)) moveToEdge(row, 'created_at', chance)
    if (chance(0.05)) row.created_at = write(read(row.created_at) - 86_400 * chance.between(1, 40))
    if (chance(0.02)) row.deleted_at = row.created_at!
    if (chance(0.3))
      row.deleted_at = chance(0.5) ? null : write(read(row.created_at) + chance.between(1, 3_000_000))
    if (chance(0.02)) row.call_center = null
    if (chance(0.05)) row.bytes = chance.pick(['500000', '1500000', '12345678901'])
    if (chance(0.2)) row.retention_days = chance.pick([30, 90])
    return [row]
  },
  billed_calls(row, chance) {
    if (chance(0.08)) moveToEdge(row, 'billed_at', chance)
    if (chance(0.02)) row.call_center = null
    if (chance(0.1)) row.rate = chance.pick(['0.000500', '0.009500', '0.012345', '0.000000', '999999.999999'])
    if (chance(0.05)) row.billed_s = chance.pick([0, 1, 6, 30, 90])
    return chance(0.02) ? [row, { ...row, channel: 'chat', destination: 'Elsewhere' }, { ...row }] : [row]
  },
}

/** The tables with the changed rows in place of theirs. The rows themselves are changed. */
export function addEdges(tables: PlainTables, chance: Chance): PlainTables {
  return Object.fromEntries(
    Object.entries(tables).map(([name, rows]) => [
      name,
      rows.flatMap((row) => changers[name]?.(row, chance, tables) ?? [row]),
    ]),
  )
}
