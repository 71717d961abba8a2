/** The process that renders one mail. Started by `renderMail` with nothing but its request. */
import Handlebars from 'handlebars'
import { answerParent, readRequest } from './serve-parent.ts'
import type { RenderedMail } from './template.ts'
import { compileText, createLanguage } from './template-language.ts'
import { listFaults } from './template-parse.ts'

export interface RenderRequest {
  texts: RenderedMail
  /** Any JSON. */
  data: unknown
  maxBytes: number
}

export type RenderAnswer = { ok: true; mail: RenderedMail } | { ok: false; reason: string }

function renderAll({ texts, data, maxBytes }: RenderRequest): RenderAnswer {
  const language = createLanguage()
  const mail: RenderedMail = { subject: '', html: '', text: '' }
  let room = maxBytes
  for (const part of ['subject', 'text', 'html'] as const) {
    const html = part === 'html'
    const [fault] = listFaults(texts[part], { allowed: null, html })
    if (fault) return { ok: false, reason: `${part} ${fault.line}:${fault.column}: ${fault.message}` }
    try {
      mail[part] = compileText(language, texts[part], html)(data)
    } catch (error) {
      return { ok: false, reason: `${part}: ${describeError(error)}` }
    }
    room -= Buffer.byteLength(mail[part])
    if (room < 0) return { ok: false, reason: `it gives more than ${maxBytes} bytes` }
  }
  return { ok: true, mail: { ...mail, subject: oneLine(mail.subject) } }
}

/** Header text must not hold a line break or another control character. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
}

/** Says nothing of values: what JavaScript and Handlebars quote may be the customer's. */
function describeError(error: unknown): string {
  if (!(error instanceof Handlebars.Exception)) return 'a value is not what the template takes it for'
  const missing = /^"(.*)" not defined in [\s\S]* - (\d+):(\d+)$/.exec(error.message)
  if (missing) return `${missing[2]}:${Number(missing[3]) + 1}: there is no "${missing[1]}"`
  return error.message.split('\n')[0]!.slice(0, 200)
}

answerParent(renderAll((await readRequest()) as RenderRequest))
