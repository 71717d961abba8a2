/** Fields of mails as text: delivery status (RFC 3464) and the header of the mail that came back. */
import type { BounceAction, ReturnedReport } from '../core/contracts/bounces.ts'
import { serverLine } from './smtp-errors.ts'

const actions: readonly string[] = ['failed', 'delayed', 'delivered', 'relayed', 'expanded']
/** A mail of ours has at most 50 recipients; what expands them may tell of more. */
const maxRecipients = 100
const longestStatus = 256 * 1024
const longestAddress = 254
const longestId = 250

/** What is said of each recipient; empty for what is no delivery status. The first group is about the whole mail. */
export function readDeliveryStatus(text: string, messageId: string): ReturnedReport[] {
  const groups = groupFields(text.slice(0, longestStatus)).slice(0, maxRecipients + 1)
  return groups.flatMap((group) => readRecipient(readFields(group), messageId) ?? [])
}

/** Groups are divided by empty lines. By hand: an expression for it would go back and forth on lines of spaces. */
function groupFields(text: string): string[] {
  const groups: string[][] = []
  let isBetween = true
  for (const line of text.split('\n')) {
    const isEmpty = line.trim() === ''
    if (!isEmpty && isBetween) groups.push([])
    if (!isEmpty) groups.at(-1)?.push(line)
    isBetween = isEmpty
  }
  return groups.map((lines) => lines.join('\n'))
}

function readRecipient(fields: Map<string, string>, messageId: string): ReturnedReport | undefined {
  const [recipient, original] = ['final-recipient', 'original-recipient'].map((name) =>
    readAddress(fields.get(name)),
  )
  if (!recipient && !original) return undefined
  const status = /(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])/.exec(fields.get('status') ?? '')?.[0] ?? ''
  const action = readAction(fields.get('action'), status)
  if (!action) return undefined
  const diagnostic = readDiagnostic(fields.get('diagnostic-code'))
  return { messageId, recipient: recipient ?? '', original: original ?? '', action, status, diagnostic }
}

function readAction(text = '', status: string): BounceAction | undefined {
  const word = /^[a-z]+/.exec(text.toLowerCase())?.[0] ?? ''
  if (actions.includes(word)) return word as BounceAction
  // The field is asked for by the standard, and left out by some: a lasting status says the same.
  return text === '' && status.startsWith('5') ? 'failed' : undefined
}

/** `rfc822; ann@acme.example` */
function readAddress(text = ''): string {
  const address = text.slice(text.indexOf(';') + 1).trim()
  const bare = /^<([^<>]*)>$/.exec(address)?.[1] ?? address
  return bare.length > longestAddress || /[\s\p{Cc}\p{Cf}]/u.test(bare) ? '' : bare
}

/** `smtp; 550 5.1.1 unknown user` without its type. */
function readDiagnostic(text = ''): string {
  return oneLineOf(text.replace(/^[A-Za-z0-9-]+;/, ''))
}

/** One line of at most 300 characters, without secrets and what would change how a terminal shows it. */
export function oneLineOf(text: string): string {
  return serverLine({ response: text.replace(/\p{Cf}+/gu, ' ').trim() || ' ', message: '' })
}

/** The Message-ID of a mail by its header, with its brackets; empty where it has none. */
export function readMessageId(header: string): string {
  const end = header.search(/\n\r?\n/)
  return bracketId(readFields(end < 0 ? header : header.slice(0, end)).get('message-id') ?? '')
}

/** Adds the brackets that some leave out; empty for what is no Message-ID. */
export function bracketId(text: string): string {
  const bare = /^\s*<?([^<>\s]+@[^<>\s]+?)>?(?:\s|$)/.exec(text)?.[1] ?? ''
  return bare === '' || bare.length > longestId ? '' : `<${bare}>`
}

/** The first of each name, by its name in lower case; folded lines are joined. */
function readFields(group: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of group.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase()
    if (name !== '' && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim())
  }
  return fields
}
