/** What a test expects against what a rehearsal came to. Pure. */
import type { ExpectedDelivery, ExpectedNotice, TestExpect } from '../../core/manifest.ts'
import type { Rehearsed } from '../rehearsal.ts'
import type { Notice, SentFile, SentMail } from './recorder.ts'

/** One thing that came otherwise; `pointer` leads to the expectation, from the test's own `expect`. */
export interface Difference {
  pointer: string
  /** `path`, `outcome`, `upload: rows` */
  what: string
  expected: string
  got: string
}

/** Every difference, in the order in which the expectations are described; none where the test passed. */
export function compareRun(expect: TestExpect, run: Rehearsed): Difference[] {
  const differences: Difference[] = []
  const tell = (key: string, expected: string, got: string) =>
    differences.push({ pointer: `/${key}`, what: key, expected, got })
  const { alert, deletions, moves, notices, outcome, path } = expect
  if (path && !isSame(path, run.path)) tell('path', sayPath(path), sayPath(run.path))
  if (outcome && outcome !== run.outcome) tell('outcome', outcome, sayOutcome(run))
  if (alert !== undefined && alert !== run.alert) tell('alert', sayAlert(alert), sayAlert(run.alert))
  if (expect.deliveries) differences.push(...compareDeliveries(expect, expect.deliveries, run.deliveries))
  const moved = run.moves.map(({ from, to }) => ({ from, to }))
  if (moves && !isSame(moves, moved)) tell('moves', sayMoves(moves), sayMoves(moved))
  const deleted = run.deletions.map((each) => each.path)
  if (deletions && !isSame(deletions, deleted)) tell('deletions', say(deletions), say(deleted))
  if (notices) differences.push(...compareNotices(notices, run.notices))
  return differences
}

function compareNotices(expected: ExpectedNotice[], told: Notice[]): Difference[] {
  const differences = expected.flatMap((one, index): Difference[] => {
    const pointer = `/notices/${index}`
    const notice = told[index]
    if (!notice) return [{ pointer, what: 'notice', expected: sayExpected(one), got: 'none' }]
    return Object.entries(one).flatMap(([field, value]) => {
      const got = notice[field as keyof Notice]
      if (isSame(value, got)) return []
      return [
        {
          pointer: `${pointer}/${field}`,
          what: `${one.step}: ${field}`,
          expected: say(value),
          got: say(got),
        },
      ]
    })
  })
  const others = told.slice(expected.length).map(({ message, step }) => ({
    pointer: '/notices',
    what: 'notice',
    expected: 'no other notice',
    got: `step ${step}: ${message}`,
  }))
  return [...differences, ...others]
}

type Sent = SentFile | SentMail

function compareDeliveries(
  { noOtherDeliveries = true }: TestExpect,
  expected: ExpectedDelivery[],
  sent: Sent[],
): Difference[] {
  const open = [...sent]
  const take = (delivery: Sent | undefined) => {
    if (delivery) open.splice(open.indexOf(delivery), 1)
    return delivery
  }
  // Those that fit first, so that two of one step are not told against each other.
  const fitting = expected.map((one) => take(open.find((each) => compareFields(one, each).length === 0)))
  const differences = expected.flatMap((one, index) => {
    if (fitting[index]) return []
    const pointer = `/deliveries/${index}`
    const near = take(open.find(({ step }) => step === one.step))
    if (!near) return [{ pointer, what: 'delivery', expected: sayExpected(one), got: 'none by that step' }]
    return compareFields(one, near).map(({ field, ...difference }) => ({
      ...difference,
      pointer: `${pointer}/${field}`,
      what: `${one.step}: ${field}`,
    }))
  })
  if (!noOtherDeliveries) return differences
  const others = open.map((delivery) => ({
    pointer: '/deliveries',
    what: 'delivery',
    expected: 'no other delivery',
    got: saySent(delivery),
  }))
  return [...differences, ...others]
}

function compareFields(expected: ExpectedDelivery, delivery: Sent) {
  const facts = factsOf(delivery)
  return Object.entries(expected).flatMap(([field, value]) =>
    isSame(value, facts[field as keyof ExpectedDelivery])
      ? []
      : [{ field, expected: say(value), got: say(facts[field as keyof ExpectedDelivery]) }],
  )
}

/** A delivery as expectations name its parts; what it does not have is undefined. */
function factsOf(delivery: Sent): Partial<ExpectedDelivery> {
  const { connection, fileName, rows, step } = delivery
  const facts: Partial<ExpectedDelivery> = { step, connection }
  if (fileName !== null) facts.fileName = fileName
  if (rows !== null) facts.rows = rows
  if (delivery.type === 's3') return { ...facts, key: delivery.place }
  if (delivery.type !== 'smtp') return { ...facts, path: delivery.place }
  const { attachments, bcc, cc, subject, to } = delivery
  return { ...facts, to, cc, bcc, subject, attachments: attachments.map((each) => each.fileName) }
}

function sayPath(path: string[]): string {
  return path.length === 0 ? 'no step' : path.join(' > ')
}

function sayOutcome({ note, outcome }: Rehearsed): string {
  return note ? `${outcome} (${note})` : outcome
}

function sayAlert(alert: boolean): string {
  return alert ? 'the operators are told' : 'nobody is told'
}

function sayMoves(moves: { from: string; to: string }[]): string {
  return moves.map(({ from, to }) => `${from} -> ${to}`).join(', ') || 'none'
}

function sayExpected(expected: ExpectedDelivery | ExpectedNotice): string {
  return Object.entries(expected)
    .map(([field, value]) => `${field} ${say(value)}`)
    .join(', ')
}

/** A delivery in one line, as expectations would name it. */
export function saySent(delivery: Sent): string {
  const { step, connection } = delivery
  if (delivery.type !== 'smtp') return `step ${step} to ${connection} ${delivery.place}`
  return `step ${step} to ${delivery.to.join(', ')}: ${delivery.subject}`
}

function say(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ')
  return String(value)
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
