/** An engine on the small golden repository with more jobs that follow its one. */
import type { Test } from 'tap'
import type { Ledger } from '../../engine/core/contracts/ledger.ts'
import type { StepContext, StepResult } from '../../engine/core/contracts/step.ts'
import type { JobId, RunDetail } from '../../engine/core/model.ts'
import { editSmall } from '../engine/config/golden.ts'
import { createStage, type Edits, eodFile, until } from './engine-stage.ts'

export type Play = (context: StepContext) => Promise<StepResult>

export const eod: JobId = 'acme/eod'

interface Follower {
  trigger: string
  scope?: string
  enabled?: boolean
}

/** Started, with a job for each name: its trigger's YAML, the rest as `eod` has it. */
export async function createChain(
  t: Test,
  followers: Record<string, string | Follower>,
  play: Play,
  ledger?: (ledger: Ledger) => Ledger,
) {
  const stage = createStage(t, play, ledger && { ledger })
  const files = Object.fromEntries(
    Object.entries(followers).map(([name, follower]) => [
      `jobs.d/acme/${name}.yaml`,
      writeFollower(name, typeof follower === 'string' ? { trigger: follower } : follower),
    ]),
  )
  stage.state.tree = editSmall(files)
  await stage.engine.start({ triggers: true })
  return {
    ...stage,
    /** Puts other files into the source and waits until they are in force. */
    async push(edits: Edits) {
      const texts = Object.fromEntries(
        Object.entries(edits).map(([path, edit]) => [
          path,
          typeof edit === 'function' && path in files ? edit(files[path]!) : edit,
        ]),
      )
      stage.state.tree = { ...editSmall({ ...files, ...texts }), revision: 'pushed' }
      stage.engine.reload()
      await until(() => stage.engine.sync().last?.revision?.startsWith('pushed') ?? false)
    },
    /** Starts another engine on the same ledger, as after a crash. */
    async restart() {
      const next = stage.create()
      t.teardown(() => next.ledger.close())
      await next.engine.start({ triggers: true })
      t.teardown(() => next.engine.stop())
      return next
    },
  }
}

export async function runsOf(ledger: Ledger, name: string): Promise<RunDetail[]> {
  return ledger.runs({ job: `acme/${name}`, limit: 20 })
}

function writeFollower(name: string, { trigger, scope = 'call-center', enabled = true }: Follower): string {
  const text = new TextDecoder().decode(editSmall({}).files.get(eodFile)?.content)
  return text
    .replace('name: eod', `name: ${name}`)
    .replace('scope: call-center', `scope: ${scope}\nenabled: ${enabled}`)
    .replace(/trigger:[\s\S]*?steps:/, `trigger:\n  ${trigger}\nsteps:`)
    .replace('{client}_{callCenter}_', scope === 'client' ? '{client}_' : '{client}_{callCenter}_')
    .replaceAll('/outbound', `/${name}`)
}
