import { kindOf } from './choose-points.ts'
import type { MatrixEnd } from './matrix.ts'

/** What came of a matrix, as a table over the kinds of points and a last line of counts. */
export function summarize({ whole, trials, kills }: MatrixEnd): { text: string; isKept: boolean } {
  const rows = new Map<string, { points: number; crashed: number; faults: number }>()
  const rowOf = (name: string) => {
    const kind = kindOf(name)
    const row = rows.get(kind) ?? { points: 0, crashed: 0, faults: 0 }
    rows.set(kind, row)
    return row
  }
  for (const line of whole.met) rowOf(line.split('\t')[0] as string).points += 1
  for (const { order, crashes, faults } of trials) {
    if (order.crashAt === undefined) continue
    const row = rowOf(order.crashAt)
    if (crashes > 0) row.crashed += 1
    if (faults.length > 0) row.faults += 1
  }
  const table = [...rows]
    .sort()
    .map(([kind, { points, crashed, faults }]) =>
      [kind.padEnd(44), ...[points, crashed, faults].map((count) => String(count).padStart(9))].join(''),
    )
  const head = [
    'kind of point'.padEnd(44),
    ...['points', 'crashed', 'bad'].map((word) => word.padStart(9)),
  ].join('')
  const all = [whole, ...trials, ...(kills ? [kills] : [])]
  const sum = (count: (each: (typeof all)[number]) => number) =>
    all.reduce((total, each) => total + count(each), 0)
  const faults = all.flatMap((each) => each.faults)
  const counts = [
    `${trials.filter(({ crashes }) => crashes > 0).length} points crashed of ${whole.met.length}`,
    `${trials.filter(({ crashes }) => crashes > 1).length} of them twice`,
    `${trials.filter(({ crashes, order }) => crashes === 0 && order.crashAt).length} not met again`,
    `${kills?.kills ?? 0} random kills over ${kills?.runs ?? 0} runs`,
    `${sum(({ published }) => published)} files published`,
    `${faults.filter((fault) => fault.startsWith('lost')).length} lost`,
    `${faults.filter((fault) => fault.startsWith('doubled')).length} doubled`,
    `${sum(({ mails }) => mails)} mails, ${sum(({ inDoubt }) => inDoubt)} in doubt, ${sum(({ doubledMails }) => doubledMails)} doubled by resend, ${sum(({ held }) => held)} held`,
    `${faults.length} faults`,
  ]
  const isKept = faults.length === 0
  return { text: [head, ...table, `${counts.join('; ')}.`].join('\n'), isKept }
}
