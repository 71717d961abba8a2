/** Files to a Config: parse, check shapes, check rules. */
import type { SourceFile, SourceTree } from '../core/contracts/config-source.ts'
import type {
  Calendar,
  Client,
  ClientPolicy,
  Connection,
  Job,
  JobTest,
  Report,
  Settings,
  StepType,
} from '../core/manifest.ts'
import type { JobId, Problem } from '../core/model.ts'
import type { Config, Manifests } from './config.ts'
import { judgeFanOuts } from './fan-out-queries.ts'
import { roleOf, settingsFile } from './layout.ts'
import { createManifestReader, type ManifestReader } from './manifest-reader.ts'
import { problemAtTop } from './parse.ts'
import type { LoadedDocument } from './places.ts'
import { compareText, sortProblems } from './problems.ts'
import { checkRules } from './rules/index.ts'
import type { Kind } from './schemas.ts'

export interface LoadOptions {
  /** The package's own templates/. */
  standard: SourceTree
  /** Replaces the tree's jobs.d/platform. */
  platform?: SourceTree
  /** Jobs that keep their place where a client may have only one of a trigger's type, with that type. */
  incumbents?: ReadonlyMap<JobId, Job['trigger']['type']>
  /** Knows what was parsed before; without one every file is parsed, here and now. */
  reader?: ManifestReader
}

/** Reads and checks every manifest of a revision. Collects all problems; never throws for bad input. */
export function loadConfig(tree: SourceTree, options: LoadOptions): Config {
  return checkFiles(mergeFiles(tree, options), tree, options, options.reader ?? createManifestReader())
}

/**
 * As loadConfig, for trees of any size and trust: parsing never holds up the event loop for long, each file has a
 * limit of time, files that the reader knows are not parsed again, and the queries of `fanOut` are judged too.
 */
export async function loadConfigAside(tree: SourceTree, options: LoadOptions): Promise<Config> {
  const { reader = createManifestReader() } = options
  const files = mergeFiles(tree, options)
  await reader.prepare(listManifests(files))
  const config = checkFiles(files, tree, options, reader)
  const found = await judgeFanOuts(config.jobs)
  return found.length === 0 ? config : { ...config, ...orderProblems([...config.problems, ...found]) }
}

function checkFiles(
  files: ReadonlyMap<string, SourceFile>,
  tree: SourceTree,
  options: LoadOptions,
  reader: ManifestReader,
): Config {
  const problems: Problem[] = []
  const loaded = readManifests(files, reader, problems)
  const manifests: Manifests = {
    ...loaded,
    revision: tree.revision,
    platformRevision: options.platform?.revision ?? null,
    files,
    incumbents: options.incumbents ?? new Map(),
  }
  return { ...manifests, ...orderProblems(problems.concat(checkRules(manifests))) }
}

function orderProblems(problems: Problem[]): Pick<Config, 'problems' | 'firstErrors'> {
  const sorted = sortProblems(problems)
  const firstErrors = new Map<string, Problem>()
  for (const problem of sorted) {
    if (problem.severity === 'error' && !firstErrors.has(problem.file)) firstErrors.set(problem.file, problem)
  }
  return { problems: sorted, firstErrors }
}

function* listManifests(files: ReadonlyMap<string, SourceFile>): Generator<[string, SourceFile]> {
  for (const entry of files) {
    const role = roleOf(entry[0])
    if (role && 'kind' in role) yield entry
  }
}

/** The tree over the standard templates, with the platform's own source in place of its folder; sorted by path. */
function mergeFiles(tree: SourceTree, { standard, platform }: LoadOptions): Map<string, SourceFile> {
  const isPlatform = (path: string) => path === 'jobs.d/platform' || path.startsWith('jobs.d/platform/')
  const merged = new Map<string, SourceFile>()
  // The standard Total row and chart are of the standard query and columns, not of others in their place.
  const isStale = (path: string) =>
    /\/(totals|chart)\.sql$/.test(path) &&
    ['report.yaml', 'query.sql'].some((name) => tree.files.has(path.replace(/[^/]+$/, name)))
  for (const [path, file] of standard.files)
    if (path.startsWith('templates/') && !isStale(path)) merged.set(path, file)
  for (const [path, file] of tree.files) if (!platform || !isPlatform(path)) merged.set(path, file)
  for (const [path, file] of platform?.files ?? []) if (isPlatform(path)) merged.set(path, file)
  return new Map([...merged].sort(([a], [b]) => compareText(a, b)))
}

function readManifests(files: ReadonlyMap<string, SourceFile>, reader: ManifestReader, problems: Problem[]) {
  const jobFiles = new Map<JobId, string>()
  const documents = new Map<string, LoadedDocument<unknown>>()
  const valid: Record<Kind, Map<string, LoadedDocument<unknown>>> = {
    Job: new Map(),
    Client: new Map(),
    ClientPolicy: new Map(),
    Connection: new Map(),
    Calendar: new Map(),
    Settings: new Map(),
    Report: new Map(),
    JobTest: new Map(),
    StepType: new Map(),
  }
  for (const [path, file] of files) {
    const role = roleOf(path)
    if (role && 'mistake' in role) problems.push(problemAtTop(path, 'layout', role.mistake))
    if (role && 'kind' in role) {
      if (role.kind === 'Job') jobFiles.set(role.key as JobId, path)
      const { document, problems: found, isValid } = reader.read(role.kind, path, file)
      problems.push(...found)
      if (!document) continue
      documents.set(path, document)
      if (isValid) valid[role.kind].set(role.key, document)
    } else if (file.kind === 'other') {
      problems.push(...reader.read(null, path, file).problems)
    }
  }
  if (!files.has(settingsFile)) {
    problems.push(
      problemAtTop(settingsFile, 'settings-missing', 'the file is missing; it says where alerts go'),
    )
  }
  return {
    jobFiles,
    documents,
    jobs: valid.Job as Map<JobId, LoadedDocument<Job>>,
    clients: valid.Client as Map<string, LoadedDocument<Client>>,
    policies: valid.ClientPolicy as Map<string, LoadedDocument<ClientPolicy>>,
    connections: valid.Connection as Map<string, LoadedDocument<Connection>>,
    calendars: valid.Calendar as Map<string, LoadedDocument<Calendar>>,
    stepTypes: valid.StepType as Map<string, LoadedDocument<StepType>>,
    reports: valid.Report as Map<string, LoadedDocument<Report>>,
    tests: valid.JobTest as Map<JobId, LoadedDocument<JobTest>>,
    settings: (valid.Settings.get('settings') as LoadedDocument<Settings> | undefined) ?? null,
  }
}
