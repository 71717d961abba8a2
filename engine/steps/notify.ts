import { noticeCopies } from '../core/alert-facts.ts'
import type { NoticeFacts } from '../core/contracts/alerts.ts'
import type { StepContext, StepType } from '../core/contracts/step.ts'
import type { StepOf } from '../core/model.ts'
import { tokenValues } from '../core/token-values.ts'
import { writeTokens } from '../core/tokens.ts'
import { formatLocal } from '../core/zone.ts'

type NotifyStep = StepOf<'notify'>

const told = {
  operators: 'the operators',
  client: 'the operators and the addresses of the client',
  job: 'the operators and the addresses of the client and of the job',
} as const

/** Tells people by a notice that is recorded with the step's end: once for a run, however often the step is tried. */
export const notifyStep: StepType<'notify'> = {
  type: 'notify',
  run(step, context) {
    const { run, snapshot } = context
    const did = run.dryRun ? 'would be told' : 'told'
    const copies = noticeCopies(step, snapshot)
    const notice = { facts: describe(step, context), copies }
    return Promise.resolve({ ok: true, note: `${did} to ${told[step.to]}`, ...(!run.dryRun && { notice }) })
  },
}

/** Leaves the house: nothing of hosts, accounts or other clients is in it. */
function describe(step: NotifyStep, { run, snapshot }: StepContext): NoticeFacts {
  const { client, manifest, job } = snapshot
  const values = tokenValues(run, snapshot, { ext: '', period: null })
  const oneLine = (value: string) => value.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
  const due = `${formatLocal(client.timezone, Date.parse(run.slot), 'yyyy-MM-dd HH:mm')} ${client.timezone}`
  return {
    ...(step.level === 'warning' && { kind: 'warning' as const }),
    title: `${manifest.title}${run.callCenter === null ? '' : `, ${run.callCenter}`}`,
    message: writeTokens(step.message, values, oneLine),
    facts: [
      { name: 'Job', value: `${job}, ${client.title}` },
      ...(run.callCenter === null ? [] : [{ name: 'Call center', value: run.callCenter }]),
      { name: 'Run', value: `${run.id}, due ${due}` },
    ],
    list: [],
    next: '',
  }
}
