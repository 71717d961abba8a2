/** Mail templates and report definitions of a revision, by the order in which they override each other. */
import type { SourceFile } from '../core/contracts/config-source.ts'
import type { MailTemplate, ReportDefinition } from '../core/model.ts'
import type { Manifests } from './config.ts'
import { type MailPart, mailFiles, mailParts, reportFiles } from './layout.ts'
import { decodeText } from './parse.ts'

/** The files that a client's mail of that name is made of; a part that is nowhere is missing. */
export function locateMail(
  manifests: Pick<Manifests, 'files'>,
  client: string | null,
  name: string,
): { found: Partial<Record<MailPart, string>>; missing: MailPart[] } {
  const found: Partial<Record<MailPart, string>> = {}
  for (const part of mailParts) {
    const file = mailFiles(client, name, part).find((path) => manifests.files.has(path))
    if (file !== undefined) found[part] = file
  }
  return { found, missing: mailParts.filter((part) => found[part] === undefined) }
}

/** A mail template's texts. A line end at the end of the subject is not part of it; a missing part is empty. */
export function readMail(manifests: Manifests, client: string | null, name: string): MailTemplate {
  const { found } = locateMail(manifests, client, name)
  const read = (part: MailPart) => (found[part] === undefined ? '' : readText(manifests, found[part]))
  return { name, subject: read('subject').trimEnd(), html: read('html'), text: read('text') }
}

/** A report's definition with its query and, where it has them, those of its Total row and its chart. */
export function readReport(manifests: Manifests, name: string): ReportDefinition | undefined {
  const document = manifests.reports.get(name)
  if (!document) return undefined
  const { query, totals, chart } = reportFiles(name)
  return {
    ...document.value,
    sql: readText(manifests, query),
    ...(manifests.files.has(totals) && { totalsSql: readText(manifests, totals) }),
    ...(manifests.files.has(chart) && { chartSql: readText(manifests, chart) }),
  }
}

// Many jobs use the same few texts.
const texts = new WeakMap<SourceFile, string>()

/** The text of a file of the revision; empty where it is missing or not readable as text. */
export function readText(manifests: Pick<Manifests, 'files'>, file: string): string {
  const source = manifests.files.get(file)
  if (!source) return ''
  const known = texts.get(source)
  if (known !== undefined) return known
  const decoded = decodeText(file, source)
  const text = 'text' in decoded ? decoded.text : ''
  texts.set(source, text)
  return text
}

/** The names of all mail templates, a client's own ones included. */
export function mailNames(manifests: Pick<Manifests, 'files'>, client: string): string[] {
  const names = [...manifests.files.keys()].flatMap((path) => {
    const match = /^(?:jobs\.d\/([^/]+)\/)?templates\/mail\/([^/]+)\//.exec(path)
    return match && (match[1] === undefined || match[1] === client) ? [match[2]!] : []
  })
  return [...new Set(names)]
}
