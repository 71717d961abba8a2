/** Rules about names: files, folders, and names that must differ. */
import type { JobId } from '../../core/model.ts'
import { endings } from '../graph.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import { jobRule, type Report, type Rule } from './rule.ts'

const fileNames: Rule = {
  name: 'file-name',
  check({ jobs, clients, policies, connections, calendars, stepTypes, reports, tests }, report) {
    const byName = [clients, policies, connections, calendars, stepTypes]
    for (const documents of byName) {
      for (const [name, document] of documents) expect(document, '/name', name, report)
    }
    for (const [job, document] of jobs) {
      const [client, name] = job.split('/') as [string, string]
      expect(document, '/name', name, report)
      expect(document, '/client', client, report)
    }
    for (const [job, document] of tests) expect(document, '/name', job.split('/')[1]!, report)
    for (const [path, document] of reports) {
      const [category, name] = path.split('/') as [string, string]
      expect(document, '/name', name, report)
      expect(document, '/category', category, report)
    }
  },
}

function expect(document: LoadedDocument<object>, pointer: string, wanted: string, report: Report): void {
  const key = pointer.slice(1)
  const found = (document.value as Record<string, unknown>)[key]
  if (found !== wanted) {
    report(placeOf(document, pointer), `${key} is ${quote(found)}, by the file's path it is ${quote(wanted)}`)
  }
}

const reservedStepNames = jobRule('reserved-name', (document, report) => {
  const reserved = [...endings, 'trigger']
  document.value.steps.forEach((step, index) => {
    if (reserved.includes(step.name)) {
      report(
        placeOf(document, `/steps/${index}/name`),
        `${quote(step.name)} has a meaning of its own; name the step otherwise`,
      )
    }
  })
})

const previousNames = jobRule('previous-name', (document, report, { jobFiles }, job) => {
  const { previousName } = document.value
  if (previousName === undefined) return
  const file = jobFiles.get(`${job.split('/')[0]}/${previousName}` as JobId)
  if (file === undefined) return
  const message = `${file} is still there, so this is no new name of it; remove that file, or previousName`
  report(placeOf(document, '/previousName'), message)
})

const duplicateNames: Rule = {
  name: 'duplicate-name',
  check({ jobs, clients, policies, reports, tests }, report) {
    for (const document of jobs.values()) {
      const { steps, trigger } = document.value
      expectDistinct(document, '/steps', steps, 'step', report)
      if (trigger.type === 'scheduled') {
        expectDistinct(document, '/trigger/schedules', trigger.schedules, 'schedule', report)
      }
    }
    for (const document of clients.values()) {
      expectDistinct(document, '/callCenters', document.value.callCenters, 'call center', report)
    }
    for (const document of policies.values()) {
      expectDistinct(document, '/eventKeys', document.value.eventKeys ?? [], 'event key', report)
    }
    for (const document of reports.values()) {
      expectDistinct(document, '/columns', document.value.columns, 'column', report)
    }
    for (const document of tests.values()) {
      expectDistinct(document, '/tests', document.value.tests, 'test', report)
    }
  },
}

function expectDistinct(
  document: LoadedDocument<unknown>,
  pointer: string,
  items: { name: string }[],
  what: string,
  report: Report,
): void {
  // A place is looked for only where there is something to tell: it costs more than all of this.
  const placeAt = (index: number) => placeOf(document, `${pointer}/${index}/name`)
  const seen = new Map<string, number>()
  items.forEach(({ name }, index) => {
    const first = seen.get(name)
    if (first === undefined) seen.set(name, index)
    else report(placeAt(index), `the ${what} ${quote(name)} is there already, in line ${placeAt(first).line}`)
  })
}

export const nameRules: Rule[] = [fileNames, reservedStepNames, previousNames, duplicateNames]
