/** Rules about names that lead nowhere. A manifest that is there but broken is told at its own place, not here. */
import { suggestWord } from '../../core/suggest.ts'
import { calendarFile, clientFile, connectionFile, mailParts, policyFile, reportFiles } from '../layout.ts'
import { placeOf } from '../places.ts'
import { listWords, quote } from '../problems.ts'
import { locateMail, mailNames } from '../templates.ts'
import { calendarsOf, connectionsOf, reportsOf, templatesOf } from '../uses.ts'
import { jobRule, namesIn, type Rule } from './rule.ts'

const connectionNames = /^jobs\.d\/platform\/connections\/(.+)\.yaml$/

const unknownClient = jobRule('unknown-client', (document, report, manifests, job) => {
  const client = job.split('/')[0]!
  if (!manifests.files.has(clientFile(client))) {
    report(
      placeOf(document, '/client'),
      `there is no client ${quote(client)}: ${clientFile(client)} is missing`,
    )
  }
})

const unknownPolicy: Rule = {
  name: 'unknown-policy',
  check(manifests, report) {
    for (const [client, document] of manifests.clients) {
      if (manifests.files.has(policyFile(client))) continue
      report(placeOf(document, '/name'), `the client has no policy: ${policyFile(client)} is missing`)
    }
    for (const [client, document] of manifests.policies) {
      if (manifests.files.has(clientFile(client))) continue
      report(
        placeOf(document, '/name'),
        `there is no client ${quote(client)} that this policy is for`,
        'warning',
      )
    }
  },
}

const unknownConnection: Rule = {
  name: 'unknown-connection',
  check(manifests, report) {
    const { files } = manifests
    const tell = (document: Parameters<typeof placeOf>[0], pointer: string, name: string) => {
      if (files.has(connectionFile(name))) return
      const hint = suggestWord(name, namesIn(manifests, connectionNames))
      report(placeOf(document, pointer), `there is no connection ${quote(name)}${hint}`)
    }
    for (const document of manifests.jobs.values()) {
      for (const use of connectionsOf(document.value)) tell(document, use.pointer, use.name)
    }
    for (const document of manifests.policies.values()) {
      document.value.connections.forEach((name, index) => {
        tell(document, `/connections/${index}`, name)
      })
      const { dataset } = document.value
      if (dataset) tell(document, '/dataset/connection', dataset.connection)
    }
    const { settings } = manifests
    if (settings) tell(settings, '/alerts/connection', settings.value.alerts.connection)
  },
}

const unknownCalendar = jobRule('unknown-calendar', (document, report, manifests) => {
  for (const { name, pointer } of calendarsOf(document.value)) {
    if (manifests.files.has(calendarFile(name))) continue
    const hint = suggestWord(name, namesIn(manifests, /^jobs\.d\/platform\/calendars\/(.+)\.yaml$/))
    report(placeOf(document, pointer), `there is no calendar ${quote(name)}${hint}`)
  }
})

const unknownReport = jobRule('unknown-report', (document, report, manifests) => {
  for (const { name, pointer } of reportsOf(document.value)) {
    if (manifests.files.has(reportFiles(name).definition)) continue
    const known = namesIn(manifests, /^templates\/reports\/([^/]+\/[^/]+)\/report\.yaml$/)
    const hint = suggestWord(name, known) || `; allowed: ${listWords(known)}`
    report(placeOf(document, pointer), `there is no report ${quote(name)}${hint}`)
  }
})

const reportQuery: Rule = {
  name: 'report-query',
  check(manifests, report) {
    for (const [name, document] of manifests.reports) {
      const { query } = reportFiles(name)
      if (!manifests.files.has(query))
        report(placeOf(document, '/name'), `the report has no query: ${query} is missing`)
    }
  },
}

const unknownTemplate = jobRule('unknown-template', (document, report, manifests, job) => {
  const client = job.split('/')[0]!
  for (const { name, pointer } of templatesOf(document.value)) {
    const { missing } = locateMail(manifests, client, name)
    if (missing.length === 0) continue
    const at = placeOf(document, pointer)
    if (missing.length === mailParts.length) {
      const known = mailNames(manifests, client)
      const hint = suggestWord(name, known) || `; allowed: ${listWords(known)}`
      report(at, `there is no mail template ${quote(name)}${hint}`)
    } else {
      for (const part of missing) report(at, `the mail template ${quote(name)} lacks ${part}.hbs`)
    }
  }
})

export const referenceRules: Rule[] = [
  unknownClient,
  unknownPolicy,
  unknownConnection,
  unknownCalendar,
  unknownReport,
  reportQuery,
  unknownTemplate,
]
