/** The whole matrix: every crash point once, and random kills, on worker processes side by side. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { choosePoints } from './choose-points.ts'
import type { KillsEnd } from './kills.ts'
import { createRandom } from './random.ts'
import type { TrialEnd } from './trial.ts'
import type { Report, Task } from './worker.ts'

export interface MatrixOptions {
  /** The checkout whose engine is tried. */
  root: string
  /** How many points, spread over their kinds; all of them by default. */
  points?: number
  /** Only points whose name fits. */
  match?: RegExp
  kills: number
  seed: number
  processes: number
  /** No further task is begun after so long. */
  minutes?: number
}

export interface MatrixEnd {
  /** Without a crash; `met` holds every point in its order. */
  whole: TrialEnd
  chosen: string[]
  trials: TrialEnd[]
  kills: KillsEnd | undefined
}

const againShare = 0.2

export async function runMatrix(options: MatrixOptions, say: (text: string) => void): Promise<MatrixEnd> {
  const random = createRandom(options.seed)
  const workers = await Promise.all(
    Array.from({ length: options.processes }, () => startWorker(options.root)),
  )
  try {
    const { end: whole } = (await workers[0]!.ask({ trial: { crashAt: undefined } })) as Extract<
      Report,
      { kind: 'trial' }
    >
    if (whole.faults.length > 0) return { whole, chosen: [], trials: [], kills: undefined }
    const names = whole.met.map((line) => line.split('\t')[0] as string)
    const chosen = choosePoints(names, options.points ?? names.length, options.match, random)
    say(`${names.length} crash points; ${chosen.length} are tried, ${options.kills} kills at random moments`)
    const tasks: Task[] = chosen.map((crashAt) => ({
      trial: {
        crashAt,
        ...(random() < againShare && { thenAt: 1 + Math.floor(random() * names.length * 0.7) }),
      },
    }))
    if (options.kills > 0) tasks.unshift({ kills: options.kills, seed: options.seed })
    const trials: TrialEnd[] = []
    const untilMs = Date.now() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000
    let kills: KillsEnd | undefined
    const work = async (worker: Worker): Promise<void> => {
      for (let task = tasks.shift(); task && Date.now() < untilMs; task = tasks.shift()) {
        const report = await worker.ask(task, (count) => {
          if (count % 20 === 0) say(`  ${count} kills`)
        })
        if (report.kind === 'kills') {
          kills = report.end
          for (const fault of kills.faults) say(`  kills: ${fault}`)
        } else if (report.kind === 'trial') {
          trials.push(report.end)
          for (const fault of report.end.faults)
            say(`  ${report.end.order.crashAt} (then ${report.end.order.thenAt ?? '-'}): ${fault}`)
          if (trials.length % 25 === 0) say(`  ${trials.length} of ${chosen.length} points`)
        }
      }
    }
    await Promise.all(workers.map(work))
    return { whole, chosen, trials, kills }
  } finally {
    for (const worker of workers) await worker.end()
  }
}

interface Worker {
  /** Rejects where the worker itself broke. */
  ask(task: Task, onKilled?: (count: number) => void): Promise<Report>
  end(): Promise<void>
}

async function startWorker(root: string): Promise<Worker> {
  const folder = mkdtempSync(join(tmpdir(), 'jobsd-crash-'))
  const child: ChildProcess = fork(join(import.meta.dirname, 'worker.ts'), [folder, root], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let onReport: ((report: Report) => void) | undefined
  child.on('message', (report: Report) => onReport?.(report))
  const next = (onKilled?: (count: number) => void) =>
    new Promise<Report>((resolve, reject) => {
      void ended.then(() => reject(new Error('a worker of the matrix ended')))
      onReport = (report) => {
        if (report.kind === 'broken') reject(new Error(report.message))
        else if (report.kind === 'killed') onKilled?.(report.count)
        else resolve(report)
      }
    })
  await next()
  return {
    ask(task, onKilled) {
      const answer = next(onKilled)
      child.send(task)
      return answer
    },
    async end() {
      if (child.connected) child.send('end' satisfies Task)
      await ended
    },
  }
}
