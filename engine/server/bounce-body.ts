/** The JSON by which a provider's bounce is told: one object, or up to 100 of them. */
import type { BounceAction, ReturnedReport } from '../core/contracts/bounces.ts'
import { hideSecrets } from '../core/secret.ts'

const actions: readonly string[] = ['failed', 'delayed', 'delivered', 'relayed', 'expanded']
const fields = ['messageId', 'recipient', 'action', 'status', 'diagnostic']
const maxReports = 100
const longest = { messageId: 250, recipient: 254, diagnostic: 10_000 }
const shownChars = 300

/** The reports, or what is wrong, a sentence. */
export function readBounceBody(body: Buffer): ReturnedReport[] | string {
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString('utf8'))
  } catch {
    // Where it breaks off would be quoted.
    return 'the body is no JSON'
  }
  const given = Array.isArray(parsed) ? parsed : [parsed]
  if (given.length === 0 || given.length > maxReports)
    return `the body has ${given.length} bounces; 1 to 100 are taken`
  const reports: ReturnedReport[] = []
  for (const each of given) {
    const report = readReport(each)
    if (typeof report === 'string') return report
    reports.push(report)
  }
  return reports
}

function readReport(given: unknown): ReturnedReport | string {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return 'a bounce is no object'
  const unknown = Object.keys(given).find((name) => !fields.includes(name))
  if (unknown !== undefined) return `a bounce has a field that is not known; it has ${fields.join(', ')}`
  const { messageId, recipient, action, status = '', diagnostic = '' } = given as Record<string, unknown>
  if (!isText(messageId, longest.messageId) || messageId === '')
    return 'messageId is no text of 1 to 250 characters'
  if (!isText(recipient, longest.recipient) || recipient === '')
    return 'recipient is no text of 1 to 254 characters'
  if (typeof action !== 'string' || !actions.includes(action))
    return `action is none of ${actions.join(', ')}`
  if (typeof status !== 'string' || !/^([245]\.\d{1,3}\.\d{1,3})?$/.test(status))
    return 'status is no enhanced status code, such as 5.1.1'
  if (!isText(diagnostic, longest.diagnostic)) return 'diagnostic is no text of at most 10,000 characters'
  return {
    messageId: messageId.startsWith('<') ? messageId : `<${messageId}>`,
    recipient,
    original: '',
    action: action as BounceAction,
    status,
    diagnostic: oneLine(diagnostic),
  }
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length <= most
}

/** A server's words; they are shown on terminals and pages. */
function oneLine(text: string): string {
  return hideSecrets(text)
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, shownChars)
}
