/** Kills a real engine while it applies commits, and looks at what its ledger says then. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolderOf } from '../../engine/adapters/data-folder.ts'
import { createFolderSource } from '../../engine/adapters/folder-source.ts'
import { openSqliteLedger } from '../../engine/adapters/ledger/sqlite.ts'
import type { JobId, Snapshot } from '../../engine/core/model.ts'
import { createRandom, type Random } from '../fuzz/mutate.ts'
import { type EngineProcess, startEngine, waitUntil } from './engine-process.ts'
import { commitChanges, compileAll, contentsOf, stillFiles } from './plain-repository.ts'
import { createRepository, runGit } from './repository.ts'

const longestDelayMs = 600
/** One kill in four comes that soon, else hardly any would come before the commit was fetched. */
const soonMs = 40
const packageRoot = join(import.meta.dirname, '../..')

export interface KillOptions {
  folder: string
  rounds: number
  seed: number
  jobs: number
}

export interface KillCounts {
  rounds: number
  /** When the kill came: before the new commit was fetched, until it was watched, or later. */
  before: number
  inside: number
  after: number
  wrong: string[]
}

interface Version {
  revision: string
  jobs: ReadonlyMap<JobId, Snapshot>
}

export async function runKills({ folder, rounds, seed, jobs }: KillOptions): Promise<KillCounts> {
  const random = createRandom(seed)
  const data = join(folder, 'data')
  const secrets = join(folder, 'secrets')
  mkdirSync(secrets, { recursive: true })
  const standard = await createFolderSource(packageRoot, ['templates']).read(new AbortController().signal)
  const repository = createRepository(join(folder, 'config.git'))
  let files = stillFiles(jobs)
  let old: Version = {
    revision: repository.commit({ files: contentsOf(files), parent: null }),
    jobs: compileAll(files, standard),
  }
  const counts: KillCounts = { rounds: 0, before: 0, inside: 0, after: 0, wrong: [] }
  const start = () => startEngine({ url: repository.url, data, secrets })
  let engine: EngineProcess | undefined = await start()
  try {
    for (; counts.rounds < rounds; counts.rounds++) {
      await waitForApplied(engine, old.revision)
      const changed = changeMany(files, random, counts.rounds)
      files = new Map([...files, ...changed])
      const revision = commitChanges(repository, changed, `round ${counts.rounds}`)
      const next: Version = { revision, jobs: compileAll(files, standard) }
      engine.signal('SIGHUP')
      await new Promise((resolve) => setTimeout(resolve, random(random(4) === 0 ? soonMs : longestDelayMs)))
      await engine.end('SIGKILL')
      const found = await readLedger(data, [old, next])
      counts[momentOf(found.revision, next, data, engine)] += 1
      engine = undefined
      for (const line of found.wrong) counts.wrong.push(`round ${counts.rounds}, killed: ${line}`)
      engine = await start()
      await waitForApplied(engine, next.revision)
      for (const line of (await readLedger(data, [next])).wrong)
        counts.wrong.push(`round ${counts.rounds}, started again: ${line}`)
      old = next
    }
  } finally {
    await engine?.end('SIGKILL')
  }
  return counts
}

async function waitForApplied(engine: EngineProcess, revision: string): Promise<void> {
  const isApplied = async () => (await engine.status()).revision.applied === revision
  await waitUntil(`commit ${revision} in force`, isApplied)
}

/** Two jobs of three get another title, and half of those a schedule of another name. */
function changeMany(files: ReadonlyMap<string, string>, random: Random, round: number): Map<string, string> {
  const changed = new Map<string, string>()
  for (const [path, text] of files) {
    if (!/\/job-\d+\.yaml$/.test(path) || random(3) === 0) continue
    const titled = text.replace(/^title: .*/m, `title: Round ${round}`)
    changed.set(
      path,
      random(2) === 0 ? titled.replace(/name: weekdays\S*/, `name: weekdays-${round}`) : titled,
    )
  }
  return changed
}

function momentOf(
  revision: string | null,
  next: Version,
  data: string,
  { log }: EngineProcess,
): 'before' | 'inside' | 'after' {
  const isWatched = log.some((line) => line.includes('jobs in force') && line.includes(next.revision))
  if (revision === next.revision) return isWatched ? 'after' : 'inside'
  const mirror = join(data, 'git/repository.git')
  const fetched = runGit(mirror, ['for-each-ref', '--format=%(objectname)'])
  return fetched.includes(next.revision) ? 'inside' : 'before'
}

/** Each job has the version of one of these commits, of the same one, with the schedules of that version. */
async function readLedger(
  data: string,
  versions: Version[],
): Promise<{ revision: string | null; wrong: string[] }> {
  const ledger = openSqliteLedger(dataFolderOf(data).ledger, { readOnly: true })
  try {
    const last = await ledger.lastRevision()
    const version = versions.find(({ revision }) => revision === last?.applied)
    if (!version)
      return { revision: null, wrong: [`${last?.applied} is in force, which is no commit of these`] }
    const wrong: string[] = []
    const records = await ledger.jobs()
    const there = records.filter(({ removedAt }) => !removedAt)
    if (there.length !== version.jobs.size)
      wrong.push(`${there.length} jobs are there, ${version.jobs.size} should be`)
    for (const { job, snapshot, sync, appliedRevision } of there) {
      const expected = version.jobs.get(job)
      if (snapshot !== expected?.digest)
        wrong.push(`${job} has ${snapshot}, it should have ${expected?.digest}`)
      if (sync !== 'Synced' || appliedRevision !== version.revision)
        wrong.push(`${job} is ${sync} at ${appliedRevision}, it should be Synced at ${version.revision}`)
      const known = Object.keys(await ledger.schedulesSince(job, new Date().toISOString())).sort()
      const wanted = expected?.manifest.enabled ? expected.schedules.map(({ name }) => name).sort() : []
      if (known.join() !== wanted.join())
        wrong.push(`${job} has the schedules ${known}, it should have ${wanted}`)
    }
    return { revision: version.revision, wrong }
  } finally {
    await ledger.close()
  }
}
