/** A config repository, the demo's servers, sample data, and the real command line on them. */
import { spawn } from 'node:child_process'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import '../fakes/clean-children.ts'
import type { Test } from 'tap'
import { dataFolderOf } from '../../engine/adapters/data-folder.ts'
import { connectControl } from '../../engine/cli/control-client.ts'
import type { RunDetail } from '../../engine/core/model.ts'
import { type EngineProcess, mainFile, startEngineProcess } from '../../scripts/demo/engine-process.ts'
import { type OutFolder, prepareOut } from '../../scripts/demo/out-folder.ts'
import { type SampleCampaign, writeSampleData } from '../../scripts/demo/sample-data.ts'
import { type Site, type SiteHooks, startSite } from '../../scripts/demo/site.ts'

const root = join(import.meta.dirname, '../..')
const pollMs = 50

export interface Answer {
  code: number | null
  stdout: string
  stderr: string
}

export interface Stage {
  /** The config repository: a copy of this one's jobs.d. */
  dir: string
  out: OutFolder
  site: Site
  campaigns: SampleCampaign[]
  start(): Promise<EngineProcess>
  /** Runs one command line, with the stage's data, platform and secrets in its environment. */
  jobsd(...args: string[]): Promise<Answer>
  runs(): Promise<RunDetail[]>
  /** Resolves with the runs once the condition holds; rejects after 30 s with what there is. */
  until(holds: (runs: RunDetail[]) => boolean): Promise<RunDetail[]>
}

/** Everything is gone when the test ends. `change` edits the config repository first. */
export async function setStage(
  t: Test,
  options: { hooks?: SiteHooks; change?: (dir: string) => Promise<void> } = {},
): Promise<Stage> {
  const folder = t.testdir({ config: {}, out: {} })
  const dir = join(folder, 'config')
  await cp(join(root, 'jobs.d'), join(dir, 'jobs.d'), { recursive: true })
  await stillSchedules(join(dir, 'jobs.d'))
  await options.change?.(dir)
  const out = await prepareOut(join(folder, 'out'))
  const site = await startSite(join(dir, 'jobs.d/platform'), out, options.hooks)
  const engines: EngineProcess[] = []
  t.teardown(async () => {
    for (const engine of engines) await engine.kill()
    await site.close()
  })
  const { campaigns } = await writeSampleData({
    folder: site.warehouse,
    seed: 7,
    lastDay: '2026-11-22',
    days: 2,
    scale: 0.02,
  })
  const socket = dataFolderOf(site.data).socket

  async function runs(): Promise<RunDetail[]> {
    return (await (await connectControl(socket))?.runs({ limit: 500 })) ?? []
  }

  return {
    dir,
    out,
    site,
    campaigns,
    async start() {
      const engine = await startEngineProcess({
        dir,
        platform: site.platform,
        data: site.data,
        secrets: site.secrets,
      })
      engines.push(engine)
      return engine
    },
    jobsd: (...args) =>
      runJobsd(args, {
        JOBSD_DATA: site.data,
        JOBSD_PLATFORM: site.platform,
        JOBSD_SECRETS_DIR: site.secrets,
      }),
    runs,
    async until(holds) {
      for (const deadline = Date.now() + 30_000; ; ) {
        const all = await runs()
        if (holds(all)) return all
        if (Date.now() > deadline)
          throw new Error(
            `it did not come about within 30 s: ${JSON.stringify(all.map(({ job, state, steps }) => ({ job, state, steps: steps.map(({ name, outcome, error }) => [name, outcome, error?.message]) })))}`,
          )
        await new Promise((resolve) => setTimeout(resolve, pollMs))
      }
    },
  }
}

/** Nothing is due by the real clock while a test runs: every schedule waits for the next leap day. */
async function stillSchedules(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (!/^[^/]+[/\\][^/]+(?<!\.test)\.yaml$/.test(name)) continue
    const path = join(folder, name)
    const text = await readFile(path, 'utf8')
    let hour = 0
    await writeFile(
      path,
      text.replace(/cron: .*/g, () => `cron: "0 ${hour++} 29 2 *"`),
    )
  }
}

/** `jobsd ARGS` in an environment that holds nothing else. */
export function runJobsd(args: string[], env: Record<string, string> = {}): Promise<Answer> {
  const child = spawn(process.execPath, [mainFile, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const answer: Answer = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    answer.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    answer.stderr += chunk
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ ...answer, code })))
}
