/** Mails and pages from Handlebars texts. A mail's template is hostile input: it is rendered in a process of its own. */
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { JobsdError } from '../core/errors.ts'
import type { MailTemplate } from '../core/model.ts'
import { runChild } from './run-child.ts'
import type { RenderAnswer, RenderRequest } from './template-child.ts'
import { compileText, createLanguage } from './template-language.ts'
import { listFaults, type TemplateFault } from './template-parse.ts'

export interface RenderedMail {
  /** One line. */
  subject: string
  html: string
  text: string
}

const readable = ['..', '../../package.json', new URL('..', import.meta.resolve('handlebars')).href].map(
  (path) => fileURLToPath(new URL(path, import.meta.url)),
)
// Node's permissions are no boundary against native code, but here none is loaded: no file, process or worker.
const nodeFlags = [
  '--max-old-space-size=64',
  '--disable-proto=delete',
  '--permission',
  ...readable.map((path) => `--allow-fs-read=${path}`),
]

/**
 * Fills a mail's template with the data's JSON; HTML is escaped, subject and text are not. Takes at most
 * `timeoutMs` (default 10,000) and gives at most `maxBytes` (default 10 MiB). Throws TEMPLATE_FAILED, or the
 * signal's reason.
 */
export async function renderMail(
  template: MailTemplate,
  data: unknown,
  options: { timeoutMs?: number; maxBytes?: number; signal?: AbortSignal } = {},
): Promise<RenderedMail> {
  const { timeoutMs = 10_000, maxBytes = 10 * 2 ** 20 } = options
  const { name, subject, html, text } = template
  const end = await runChild({
    script: new URL('./template-child.ts', import.meta.url),
    nodeFlags,
    request: { texts: { subject, html, text }, data, maxBytes } satisfies RenderRequest,
    cwd: tmpdir(),
    timeoutMs,
    // As JSON a character may take six bytes.
    maxBytes: maxBytes * 6 + 1024,
    signal: options.signal ?? new AbortController().signal,
  })
  const fail = (reason: string) => new JobsdError('TEMPLATE_FAILED', { template: name, reason })
  if (end.kind === 'timeout') throw fail(`it did not end within ${timeoutMs} ms`)
  if (end.kind === 'too-large') throw fail(`it gives more than ${maxBytes} bytes`)
  if (end.kind === 'crashed') throw fail(`it crashed or needs too much memory: ${end.how}`)
  const answer = end.value as RenderAnswer
  if (!answer.ok) throw fail(answer.reason)
  return answer.mail
}

/**
 * Finds what is wrong with a template: syntax, names that are not in `allowed` at the top of the data, unknown
 * helpers, partials, and in HTML unescaped output. Names within #each and #with are not known and pass.
 */
export function checkTemplate(text: string, allowed: string[], html: boolean): TemplateFault[] {
  return listFaults(text, { allowed, html })
}

/** Compiles a page of our own, HTML escaped, names strict. Never for a template that somebody else wrote. */
export function compilePage(text: string, partials: Record<string, string> = {}): (data: object) => string {
  return compileText(createLanguage(partials), text, true)
}
