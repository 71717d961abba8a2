/** A process of the matrix: sets up its own world, then does one task after the other for its parent. */
import { rmSync } from 'node:fs'
import { type KillsEnd, runKills } from './kills.ts'
import { runTrial, type TrialEnd, type TrialOrder } from './trial.ts'
import { setWorld } from './world.ts'

export type Task = { trial: TrialOrder } | { kills: number; seed: number } | 'end'
export type Report =
  | { kind: 'ready' }
  | { kind: 'trial'; end: TrialEnd }
  | { kind: 'killed'; count: number }
  | { kind: 'kills'; end: KillsEnd }
  | { kind: 'broken'; message: string }

const [folder = '', root = ''] = process.argv.slice(2)
const report = (message: Report): void => void process.send?.(message)

try {
  const world = await setWorld(folder, root)
  process.on('message', (task: Task) => {
    work(task).catch((error: Error) => report({ kind: 'broken', message: error.stack ?? error.message }))
  })
  async function work(task: Task): Promise<void> {
    if (task === 'end') {
      await world.close()
      rmSync(folder, { recursive: true, force: true })
      process.disconnect()
    } else if ('trial' in task) report({ kind: 'trial', end: await runTrial(world, task.trial) })
    else
      report({
        kind: 'kills',
        end: await runKills(world, task, (count) => report({ kind: 'killed', count })),
      })
  }
  // Whoever ended the matrix ends the engine as well.
  process.once('disconnect', () => process.exit())
  report({ kind: 'ready' })
} catch (error) {
  report({ kind: 'broken', message: (error as Error).stack ?? String(error) })
}
