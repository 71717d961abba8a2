/** Which file of a config repository holds what. */
import type { JobId } from '../core/model.ts'
import { hiddenCharacter } from './problems.ts'
import type { Kind } from './schemas.ts'

/** What a path is by its place: a manifest of a kind, something that is no manifest, or a mistake. */
export type Role = { kind: Kind; key: string } | { mistake: string } | null

const wanted =
  'manifests are platform/settings.yaml, platform/{connections,calendars,clients,step-types}/<name>.yaml, ' +
  '<client>/client.yaml, <client>/<job>.yaml and <client>/<job>.test.yaml'

/** Tells what a path of a source is. The key is a job's id (its tests' too), a report's `<category>/<name>`, or a name. */
export function roleOf(path: string): Role {
  if (hiddenCharacter.test(path)) {
    return { mistake: 'the path has a control or direction character in it; rename the file or folder' }
  }
  const report = /^templates\/reports\/([^/]+)\/([^/]+)\/report\.yaml$/.exec(path)
  if (report) return { kind: 'Report', key: `${report[1]}/${report[2]}` }
  const inside = /^jobs\.d\/(.*)$/.exec(path)?.[1]
  if (inside === undefined) return null
  const [folder = '', ...rest] = inside.split('/')
  if (rest[0] === 'templates' && folder !== 'platform') return roleOfClientTemplate(rest)
  if (inside.endsWith('.yml')) return { mistake: 'the file is not read; name it .yaml' }
  if (!inside.endsWith('.yaml')) return null
  if (folder === 'platform') return roleOfPlatform(rest)
  const name = rest[0]?.slice(0, -'.yaml'.length)
  if (rest.length !== 1 || !name) return { mistake: `no manifest is expected here; ${wanted}` }
  if (name === 'client') return { kind: 'Client', key: folder }
  const tested = /^(.+)\.test$/.exec(name)?.[1]
  return tested === undefined
    ? { kind: 'Job', key: `${folder}/${name}` }
    : { kind: 'JobTest', key: `${folder}/${tested}` }
}

function roleOfPlatform(rest: string[]): Role {
  const [folder, file, ...more] = rest
  if (folder === 'settings.yaml' && file === undefined) return { kind: 'Settings', key: 'settings' }
  const kinds: Record<string, Kind> = {
    connections: 'Connection',
    calendars: 'Calendar',
    clients: 'ClientPolicy',
    'step-types': 'StepType',
  }
  const kind = Object.hasOwn(kinds, folder ?? '') ? kinds[folder!] : undefined
  if (!kind || !file || more.length > 0) return { mistake: `no manifest is expected here; ${wanted}` }
  return { kind, key: file.slice(0, -'.yaml'.length) }
}

function roleOfClientTemplate(rest: string[]): Role {
  if (rest[1] === 'mail') return null
  // A query sees data before the tenant's fence is checked by people: only operators write one.
  return {
    mistake: "only mail templates can be a client's own; reports are the operators', in templates/reports",
  }
}

export const settingsFile = 'jobs.d/platform/settings.yaml'

export function connectionFile(name: string): string {
  return `jobs.d/platform/connections/${name}.yaml`
}

export function calendarFile(name: string): string {
  return `jobs.d/platform/calendars/${name}.yaml`
}

export function stepTypeFile(name: string): string {
  return `jobs.d/platform/step-types/${name}.yaml`
}

export function policyFile(client: string): string {
  return `jobs.d/platform/clients/${client}.yaml`
}

export function clientFile(client: string): string {
  return `jobs.d/${client}/client.yaml`
}

export function jobFile(job: JobId): string {
  return `jobs.d/${job}.yaml`
}

/** The files of a report; `totals` and `chart` need not be there. */
export function reportFiles(report: string): Record<'definition' | 'query' | 'totals' | 'chart', string> {
  const folder = `templates/reports/${report}`
  return {
    definition: `${folder}/report.yaml`,
    query: `${folder}/query.sql`,
    totals: `${folder}/totals.sql`,
    chart: `${folder}/chart.sql`,
  }
}

export const mailParts = ['subject', 'html', 'text'] as const
export type MailPart = (typeof mailParts)[number]

/** Where one part of a mail template may be; the first one that is there counts. */
export function mailFiles(client: string | null, template: string, part: MailPart): string[] {
  const file = `templates/mail/${template}/${part}.hbs`
  return client === null ? [file] : [`jobs.d/${client}/${file}`, file]
}
