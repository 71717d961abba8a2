/** The rule about what becomes of files that are too large for a mail. */
import type { Connection, Job } from '../../core/manifest.ts'
import { placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import { jobRule, type Rule } from './rule.ts'

type EmailStep = Extract<Job['steps'][number], { type: 'email' }>

interface Fault {
  key: 'onTooLarge' | 'linkConnection' | 'linkFor'
  message: string
}

const mailLink = jobRule('mail-link', (document, report, { connections }) => {
  for (const [index, step] of document.value.steps.entries()) {
    if (step.type !== 'email') continue
    const connection = connections.get(step.linkConnection ?? '')?.value
    for (const { key, message } of faultsOf(step, connection))
      report(placeOf(document, `/steps/${index}/${key}`), message)
  }
})

function faultsOf(
  { from, onTooLarge, linkConnection, linkFor }: EmailStep,
  connection: Connection | undefined,
): Fault[] {
  const given = onTooLarge === undefined ? 'none' : quote(onTooLarge)
  const idle = (key: Fault['key']): Fault => ({
    key,
    message: `${key} is for onTooLarge "link"; here it is ${given}`,
  })
  if (onTooLarge !== 'link') {
    if (linkConnection !== undefined) return [idle('linkConnection')]
    if (linkFor !== undefined) return [idle('linkFor')]
  }
  if (onTooLarge !== undefined && from === undefined)
    return [{ key: 'onTooLarge', message: 'onTooLarge is about attachments; this mail has no "from"' }]
  if (onTooLarge !== 'link') return []
  if (linkConnection === undefined) {
    const message = 'onTooLarge "link" needs a linkConnection: the bucket that the files go to'
    return [{ key: 'onTooLarge', message }]
  }
  const reason = connection?.type === 's3' ? whyNoLinks(connection) : undefined
  return reason === undefined ? [] : [{ key: 'linkConnection', message: reason }]
}

const archives: readonly unknown[] = ['GLACIER', 'DEEP_ARCHIVE']

function whyNoLinks({ assumeRole, name, sessionToken, storageClass }: Connection & { type: 's3' }) {
  if (assumeRole || sessionToken) {
    const key = assumeRole ? 'assumeRole' : 'sessionToken'
    return `the links of ${quote(name)} would end with its temporary keys (${key}), often within an hour; allowed are connections with keys of their own`
  }
  if (archives.includes(storageClass))
    return `what ${quote(name)} keeps (${storageClass}) cannot be downloaded at once; allowed are connections with another storageClass`
  return undefined
}

export const mailLinkRules: Rule[] = [mailLink]
