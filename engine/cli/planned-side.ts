/** One state of a config repository as plans compare it. */
import { compileJob } from '../config/compile.ts'
import type { Config } from '../config/config.ts'
import {
  calendarFile,
  clientFile,
  connectionFile,
  policyFile,
  reportFiles,
  settingsFile,
  stepTypeFile,
} from '../config/layout.ts'
import { readReport, readText } from '../config/templates.ts'
import type { PlannedJob, PlannedSide, SharedDocument } from '../core/changes/model.ts'
import type { JobId, Trigger } from '../core/model.ts'

/** Compiles every job of a Config and gathers what they share. */
export function toPlannedSide(config: Config): PlannedSide {
  const jobs = [...config.jobFiles].map(([job, file]): [JobId, PlannedJob] => {
    const compiled = compileJob(config, job)
    const planned = {
      file,
      // A checkout may write line ends its own way.
      text: readText(config, file).replaceAll('\r\n', '\n'),
      snapshot: 'snapshot' in compiled ? compiled.snapshot : null,
      problem: 'problem' in compiled ? compiled.problem : null,
      previousName: config.jobs.get(job)?.value.previousName ?? null,
    }
    return [job, planned]
  })
  const folders = jobs.map(([job]) => job.slice(0, job.indexOf('/')))
  return {
    revision: config.revision,
    jobs: new Map(jobs),
    shared: sharedDocuments(config),
    clients: [...new Set([...config.clients.keys(), ...folders])].sort(),
    problems: config.problems,
  }
}

/** The enabled jobs of a side with their trigger types: where a client may have only one, they keep their place. */
export function incumbentsOf(side: PlannedSide): Map<JobId, Trigger['type']> {
  return new Map(
    [...side.jobs].flatMap(([job, { snapshot }]) =>
      snapshot?.manifest.enabled ? [[job, snapshot.manifest.trigger.type] as const] : [],
    ),
  )
}

function sharedDocuments(config: Config): Map<string, SharedDocument> {
  const valid: [string, SharedDocument][] = []
  const add = (file: string, document: SharedDocument) => valid.push([file, document])
  if (config.settings) {
    const { value } = config.settings
    add(settingsFile, { kind: 'settings', name: 'settings', client: null, value })
  }
  for (const [name, { value }] of config.connections)
    add(connectionFile(name), { kind: 'connection', name, client: null, value })
  for (const [name, { value }] of config.calendars)
    add(calendarFile(name), { kind: 'calendar', name, client: null, value })
  for (const [name, { value }] of config.policies)
    add(policyFile(name), { kind: 'policy', name, client: name, value })
  for (const [name, { value }] of config.clients)
    add(clientFile(name), { kind: 'client', name, client: name, value })
  for (const [name, { value }] of config.stepTypes)
    add(stepTypeFile(name), { kind: 'step-type', name, client: null, value })
  for (const name of config.reports.keys())
    add(reportFiles(name).definition, { kind: 'report', name, client: null, value: readReport(config, name) })
  return new Map([
    ...valid,
    ...mailParts(config),
    ...unreadable(config, new Set(valid.map(([file]) => file))),
  ])
}

function mailParts(config: Config): [string, SharedDocument][] {
  return [...config.files.keys()].flatMap((path): [string, SharedDocument][] => {
    const [, client = null, name] =
      /^(?:jobs\.d\/([^/]+)\/)?templates\/mail\/([^/]+)\/[^/]+\.hbs$/.exec(path) ?? []
    return name === undefined ? [] : [[path, { kind: 'mail', name, client, value: readText(config, path) }]]
  })
}

/** Files with an error that are there in the place of a document: neither added nor removed, only not understood. */
function unreadable(config: Config, known: ReadonlySet<string>): [string, SharedDocument][] {
  const jobFiles = new Set(config.jobFiles.values())
  return [...config.firstErrors.keys()]
    .filter((file) => config.files.has(file) && !known.has(file) && !jobFiles.has(file))
    .map((file) => [file, { kind: 'settings', name: file, client: null, value: null }])
}
