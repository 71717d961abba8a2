/** What a mail says of files that were too large for it: the only words of it that no template has. */
import { replaceUnsafe } from '../core/file-name.ts'
import type { FileLink } from './mail-links.ts'

interface Body {
  html: string
  text: string
}

/** As wide as the standard templates, which end in a table of their own. */
const style = 'margin:0 auto;max-width:560px;padding:0 12px 24px'

/** The body with a paragraph for each link behind it. */
export function addLinks<T extends Body>(body: T, links: readonly FileLink[], locale = 'en'): T {
  if (links.length === 0) return body
  const told = links.map((link) => tell(link, locale))
  const paragraphs = told.map(
    ({ what, until, url }) =>
      `<p style="${style}">${escapeHtml(what)}: <a href="${escapeHtml(url)}">download it</a> ${escapeHtml(until)}.</p>`,
  )
  const lines = told.map(({ what, until, url }) => `${what}: download it ${until}:\n${url}\n`)
  return {
    ...body,
    html: insertLast(body.html, paragraphs.join('\n')),
    text: `${body.text.replace(/\s+$/, '')}\n\n${lines.join('\n')}`,
  }
}

function tell({ fileName, size, until, url }: FileLink, locale: string) {
  const what = `${replaceUnsafe(fileName)} (${spellSize(size, locale)}) is too large to attach`
  return { what, until: `until ${until}`, url }
}

/** Before the document's end, or behind all where it has none. */
function insertLast(html: string, block: string): string {
  const [end] = [...html.matchAll(/<\/body\s*>/gi)].slice(-1)
  const at = end?.index ?? html.length
  return `${html.slice(0, at)}\n${block}\n${html.slice(at)}`
}

/** As the templates' `bytes` writes it: `12.4 MiB`. */
function spellSize(bytes: number, locale: string): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const decimals = power === 0 ? 0 : 1
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals }
  return `${new Intl.NumberFormat(locale, digits).format(bytes / 1024 ** power)} ${units[power]}`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
