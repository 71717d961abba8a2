/** What the reports' descriptions have in common. */
import type { Stretch } from './clock.ts'
import { type Exact, ratio } from './exact.ts'
import type { Call, Tables } from './tables.ts'

/** Text, a date, a moment (by the column's type), a whole number, or an exact one. */
export type Cell = string | number | bigint | Exact | null

export interface Answer {
  rows: Cell[][]
  total: Cell[]
}

export interface Run {
  period: Stretch
  timezone: string
  dayCutOff: string
  campaignId: string | null
}

export type Oracle = (tables: Tables, run: Run) => Answer

export const isMade = ({ result }: Call) => !result.endsWith('(Not Made)')
export const isTransfer = ({ result }: Call) => result.startsWith('Operator Transfer')
export const isSuccess = ({ result }: Call) => result === 'Operator Transfer'
export const isConnect = (call: Call) =>
  isTransfer(call) || call.result === 'Listened' || call.result === 'Hung Up in Opening'
export const isHandled = (call: Call) => call.talk_s > 0 || isSuccess(call)
export const isAbandoned = ({ abandon_stage }: Call) => abandon_stage !== null
export const isOffered = ({ direction, skill }: Call) => direction === 'inbound' && skill !== null

export function isIn(at: number, { from, until }: Stretch): boolean {
  return from <= at && at < until
}

export function enteredIn(calls: Call[], period: Stretch): Call[] {
  return calls.filter(({ start_at }) => isIn(start_at, period))
}

export function campaignCalls({ calls }: Tables, { campaignId, period }: Run): Call[] {
  if (campaignId !== null) return calls.filter(({ campaign_id }) => campaign_id === campaignId)
  return enteredIn(calls, period).filter(({ campaign_id }) => campaign_id !== null)
}

export function count<T>(list: T[], is: (item: T) => unknown): number {
  return list.filter(is).length
}

export function sum<T>(list: T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0)
}

export function average<T>(list: T[], of: (item: T) => number): Exact | null {
  return ratio(sum(list, of), list.length)
}

export function distinct<T>(list: T[], of: (item: T) => unknown): number {
  return new Set(list.map(of).filter((value) => value !== null)).size
}

/** Groups in the order of their keys: text by its bytes, empty last, numbers ascending. */
export function groupBy<T>(list: T[], keyOf: (item: T) => Key[]): [key: Key[], items: T[]][] {
  const groups = new Map<string, [Key[], T[]]>()
  for (const item of list) {
    const key = keyOf(item)
    const name = JSON.stringify(key)
    const group = groups.get(name)
    if (group) group[1].push(item)
    else groups.set(name, [key, [item]])
  }
  return sortBy([...groups.values()], ([key]) => key)
}

type Key = string | number | null

export function sortBy<T>(list: T[], keyOf: (item: T) => Key[]): T[] {
  return list
    .map((item) => ({ item, key: keyOf(item) }))
    .sort((a, b) => compareKeys(a.key, b.key))
    .map(({ item }) => item)
}

function compareKeys(a: Key[], b: Key[]): number {
  for (const [at, left] of a.entries()) {
    const order = compareCells(left, b[at]!)
    if (order !== 0) return order
  }
  return 0
}

function compareCells(a: Key, b: Key): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  if (typeof a === 'number') return a - Number(b)
  return Buffer.compare(Buffer.from(a), Buffer.from(String(b)))
}
