/** The rule about who gets copies of alerts: a copy leaves the house, so it goes where mail of the client may go. */
import { suggestWord } from '../../core/suggest.ts'
import type { Manifests } from '../config.ts'
import { policyFile } from '../layout.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { listWords, quote } from '../problems.ts'
import type { Report, Rule } from './rule.ts'

const alertRecipient: Rule = {
  name: 'alert-recipient',
  check(manifests, report) {
    for (const [client, document] of manifests.clients) expectOwn(client, document, manifests, report)
  },
  checkJob(document, report, manifests, job) {
    expectOwn(job.split('/')[0]!, document, manifests, report)
  },
}

function expectOwn(
  client: string,
  document: LoadedDocument<{ alerts?: { to: string[] } }>,
  { policies, settings }: Manifests,
  report: Report,
): void {
  const policy = policies.get(client)
  const { alerts } = document.value
  // Without them it is not known what is allowed; that they are missing or broken is told there.
  if (!alerts || !policy || !settings) return
  const domains = [...new Set([...policy.value.recipientDomains, ...settings.value.alerts.to.map(domainOf)])]
  alerts.to.forEach((address, index) => {
    const domain = domainOf(address)
    if (domains.includes(domain)) return
    const hint = suggestWord(domain, domains)
    const message = `copies of alerts may not go to ${quote(domain)}${hint}${hint ? ' Allowed' : '; allowed'}: ${listWords(domains)}; an operator can add it in ${policyFile(client)}`
    report(placeOf(document, `/alerts/to/${index}`), message)
  })
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}

export const alertRules: Rule[] = [alertRecipient]
