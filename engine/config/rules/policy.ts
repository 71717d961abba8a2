/** Rules about what a client's policy allows, and what a connection can do. */

import { parseSize } from '../../core/duration.ts'
import { domainOf } from '../../core/mail-address.ts'
import type { Connection } from '../../core/manifest.ts'
import { maxRecipients, recipientParameter } from '../../core/recipients.ts'
import { suggestWord } from '../../core/suggest.ts'
import { isLoopback } from '../formats.ts'
import { connectionFile, policyFile } from '../layout.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { listWords, quote } from '../problems.ts'
import { connectionsOf, reportsOf } from '../uses.ts'
import { jobRule, type Rule } from './rule.ts'

const connectionType: Rule = {
  name: 'connection-type',
  check(manifests, report) {
    const expectType = (
      document: LoadedDocument<unknown>,
      pointer: string,
      name: string,
      types: readonly Connection['type'][],
      user: string,
    ) => {
      const found = manifests.connections.get(name)?.value.type
      if (found === undefined || types.includes(found)) return
      const message = `${quote(name)} is a connection of type ${quote(found)}; ${user} needs one of type ${listWords(types)}`
      report(placeOf(document, pointer), message)
    }
    for (const document of manifests.jobs.values()) {
      for (const { pointer, name, types, user } of connectionsOf(document.value)) {
        expectType(document, pointer, name, types, user)
      }
    }
    for (const document of manifests.policies.values()) {
      const { dataset } = document.value
      if (dataset) expectType(document, '/dataset/connection', dataset.connection, ['dataset'], 'a dataset')
    }
    const { settings } = manifests
    if (settings) {
      expectType(
        settings,
        '/alerts/connection',
        settings.value.alerts.connection,
        ['smtp'],
        'the alert route',
      )
    }
  },
}

const connectionAllowed = jobRule('connection-not-allowed', (document, report, manifests, job) => {
  const policy = manifests.policies.get(job.split('/')[0]!)
  if (!policy) return
  const allowed = policy.value.connections
  for (const { pointer, name } of connectionsOf(document.value)) {
    if (allowed.includes(name) || !manifests.files.has(connectionFile(name))) continue
    const message = `the client's policy does not allow the connection ${quote(name)}; allowed: ${listWords(allowed)}`
    report(placeOf(document, pointer), message)
  }
})

const recipientAllowed = jobRule('recipient-not-allowed', (document, report, manifests, job) => {
  const policy = manifests.policies.get(job.split('/')[0]!)
  if (!policy) return
  const allowed = policy.value.recipientDomains
  const expectAllowed = (address: string, pointer: string, also: string[], what: string) => {
    // What a parameter brings is looked at when the mail is sent.
    if (recipientParameter(address) !== undefined) return
    const domain = domainOf(address)
    const domains = [...allowed, ...also.filter((own) => !allowed.includes(own))]
    if (domains.includes(domain)) return
    const hint = suggestWord(domain, domains)
    const message = `the client's policy allows no ${what} to ${quote(domain)}${hint}${hint ? ' Allowed' : '; allowed'}: ${listWords(domains)}; an operator can add it in ${policyFile(job.split('/')[0]!)}`
    report(placeOf(document, pointer), message)
  }
  document.value.steps.forEach((step, index) => {
    if (step.type !== 'email') return
    for (const field of ['to', 'cc', 'bcc'] as const) {
      step[field]?.forEach((address, place) => {
        expectAllowed(address, `/steps/${index}/${field}/${place}`, [], 'mail')
      })
    }
    const sender = manifests.connections.get(step.connection)?.value
    // Answers may go back to where the mail comes from.
    const own = sender?.type === 'smtp' ? [domainOf(sender.from)] : []
    if (step.replyTo) expectAllowed(step.replyTo, `/steps/${index}/replyTo`, own, 'answers')
  })
})

const tooManyRecipients = jobRule('too-many-recipients', (document, report) => {
  document.value.steps.forEach((step, index) => {
    if (step.type !== 'email') return
    const all = new Set([...step.to, ...(step.cc ?? []), ...(step.bcc ?? [])].map((one) => one.toLowerCase()))
    if (all.size <= maxRecipients) return
    const message = `the mail has ${all.size} recipients in to, cc and bcc; ${maxRecipients} are allowed`
    report(placeOf(document, `/steps/${index}/to`, 'key'), message)
  })
})

const usualMailLimit = '35MiB'

const attachmentSize: Rule = {
  name: 'attachment-size',
  check({ policies }, report) {
    for (const document of policies.values()) {
      const { maxAttachmentSize } = document.value
      if (!maxAttachmentSize || parseSize(maxAttachmentSize) <= parseSize(usualMailLimit)) continue
      const message = `most mail servers refuse mails of more than ${usualMailLimit}; larger files go by SFTP or S3`
      report(placeOf(document, '/maxAttachmentSize'), message, 'warning')
    }
  },
}

const datasetNamed = jobRule('dataset-missing', (document, report, manifests, job) => {
  const policy = manifests.policies.get(job.split('/')[0]!)
  if (!policy || policy.value.dataset) return
  for (const { pointer } of reportsOf(document.value)) {
    report(
      placeOf(document, pointer),
      "the client's policy names no dataset; an operator adds one before it can have reports",
    )
  }
  if (document.value.fanOut)
    report(
      placeOf(document, '/fanOut', 'key'),
      "the client's policy names no dataset; an operator adds one before a query can give rows",
    )
})

const plainConnection: Rule = {
  name: 'plain-connection',
  check({ connections }, report) {
    for (const document of connections.values()) {
      const connection = document.value
      if (connection.type === 'smtp' && connection.security === 'none' && !isLoopback(connection.host)) {
        const message = `mail to ${quote(connection.host)} would travel unprotected; use "tls" or "starttls" ("none" is for loopback only)`
        report(placeOf(document, '/security'), message)
      }
      const isDatabase = connection.type === 'dataset' && connection.format === 'postgres'
      if (isDatabase && connection.tls === 'none' && !isLoopback(connection.host)) {
        const message = `rows of ${quote(connection.host)} would travel unprotected; tls "none" is for loopback only`
        report(placeOf(document, '/tls'), message)
      }
      if (connection.type === 'sftp' && !connection.password && !connection.privateKey) {
        report(placeOf(document, '/username'), 'the user has neither a password nor a privateKey')
      }
    }
  },
}

export const policyRules: Rule[] = [
  connectionType,
  connectionAllowed,
  recipientAllowed,
  tooManyRecipients,
  attachmentSize,
  datasetNamed,
  plainConnection,
]
