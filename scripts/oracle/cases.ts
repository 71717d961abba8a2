/** What the oracle is asked: expressions, and zones with every change of their clocks. */
import { type OffsetSpan, readOffsets } from './zone-offsets.ts'

/** In each: what follows real time, fixed times in gaps and in what comes twice, and every kind of day. */
export const expressions = [
  '* * * * *',
  '*/15 * * * *',
  '*/7 * * * *',
  '0-30/10 * * * *',
  '0 * * * *',
  '17 */3 * * *',
  '*/20 2 * * *',
  '* 1-3 * * 0',
  '30 2 * * *',
  '0 2 * * 0',
  '30 1 * * *',
  '15,45 1-2 * * *',
  '5 0-23 * * *',
  '0-59/10 0-23/2 * * *',
  '0 0 * * *',
  '30 0 * * *',
  '59 23 * * *',
  '0 3 * * *',
  '45 2 * * sun',
  '30 18 * * 1-5',
  '0 6 1 * *',
  '30 2 31 * *',
  '0 0 29 2 *',
  '0 2 25-31 3,10 0',
  '30 1 13 * 5',
  '0 0 */10 * *',
  '15 2 * mar,oct,nov sat,sun',
  '0 0,2,4 1,15 * *',
  '0 12 * 1-3 1-7',
  '0 0 1-7 * */2',
]

/** The last day of a month and the nth weekday. */
export const dayExpressions = ['30 2 L * *', '0 2 L-2 * *', '30 1 * * 0#2', '0 2 * * 0L', '15 0 1 * 5#1']

/** Their clocks do what those of no other zone do. */
export const oddZones = [
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'Africa/Casablanca',
  'Africa/El_Aaiun',
  'Pacific/Apia',
  'Africa/Cairo',
  'Asia/Gaza',
  'Pacific/Chatham',
  'America/Scoresbysund',
  'America/Nuuk',
  'Asia/Beirut',
  'America/Havana',
  'America/Asuncion',
  'Asia/Tehran',
  'Europe/Dublin',
  'America/St_Johns',
]

export interface OracleZone {
  name: string
  spans: OffsetSpan[]
  /** From 2020 up to 2029. */
  transitions: number[]
}

const fromMs = Date.UTC(2019, 11, 20)
const beginMs = Date.UTC(2020, 0, 1)
const endMs = Date.UTC(2030, 0, 1)
const untilMs = Date.UTC(2030, 0, 12)

export function readZone(name: string): OracleZone {
  const spans = readOffsets(name, fromMs, untilMs)
  const transitions = spans.slice(1).map((span) => span.fromMs)
  return { name, spans, transitions: transitions.filter((ms) => ms >= beginMs && ms < endMs) }
}

/** The names that Node lists and, of the others that it takes, some that manifests are likely to have. */
export function everyZone(): string[] {
  const others = ['UTC', 'Etc/GMT+5', 'US/Central', 'US/Eastern', 'GB', 'Asia/Kolkata', 'Europe/Kyiv', 'NZ']
  return [...new Set([...Intl.supportedValuesOf('timeZone'), ...others])]
}
