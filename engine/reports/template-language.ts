/** The small Handlebars dialect of mails and pages: a few known helpers, strict names, nothing dynamic. */
import Handlebars from 'handlebars'
import { formatLocal } from '../core/zone.ts'

/** Helpers that take a block. */
export const blockHelpers = ['if', 'unless', 'each', 'with']

/** Helpers that give a value; all take what they format first. */
const valueHelpers: Record<string, (...args: unknown[]) => unknown> = {
  /** `(eq a b)`: the same value. */
  eq: (a, b) => a === b,
  /** `{{number rows}}`, `{{number rate decimals=2}}`: 1,234.50; with `locale=client.locale` as people there write it. */
  number: (value, ...rest) => formatNumber(value, Number(hashOf(rest).decimals ?? 0), localeOf(rest)),
  /** `{{bytes size}}`: 1.2 MiB; takes a locale too. */
  bytes: (value, ...rest) => formatBytes(Number(value), localeOf(rest)),
  /** `{{date instant zone}}`: 2026-11-22 18:30, or a `format` of yyyy MM dd HH mm ss. Without a zone in UTC. */
  date: (value, ...rest) => {
    const zone = typeof rest[0] === 'string' ? rest[0] : 'UTC'
    return formatLocal(zone, Date.parse(String(value)), String(hashOf(rest).format ?? 'yyyy-MM-dd HH:mm'))
  },
}

export const helperNames = [...blockHelpers, ...Object.keys(valueHelpers)]

/** A fresh Handlebars that knows only the dialect's helpers. */
export function createLanguage(partials: Record<string, string> = {}): typeof Handlebars {
  const language = Handlebars.create()
  for (const name of ['log', 'lookup']) language.unregisterHelper(name)
  for (const [name, helper] of Object.entries(valueHelpers)) language.registerHelper(name, helper)
  for (const [name, text] of Object.entries(partials)) language.registerPartial(name, text)
  return language
}

/** Compiles a text; as HTML its values are escaped. Only strings: Handlebars turns a syntax tree that somebody made up into code. */
export function compileText(
  language: typeof Handlebars,
  text: string,
  isHtml: boolean,
): (data: unknown) => string {
  if (typeof text !== 'string') throw new TypeError('a template must be a text')
  const known = Object.fromEntries(helperNames.map((name) => [name, true]))
  return language.compile(text, {
    strict: true,
    noEscape: !isHtml,
    knownHelpersOnly: true,
    knownHelpers: { ...known, log: false, lookup: false },
  })
}

function hashOf(args: unknown[]): Record<string, unknown> {
  return (args.at(-1) as { hash: Record<string, unknown> }).hash
}

function localeOf(args: unknown[]): string {
  return String(hashOf(args).locale ?? 'en')
}

function formatNumber(value: unknown, decimals: number, locale: string): string {
  if (value === null || value === undefined) return ''
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals }
  return new Intl.NumberFormat(locale, digits).format(Number(value))
}

function formatBytes(size: number, locale: string): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = size < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(size) / 10))
  return `${formatNumber(size / 1024 ** power, power === 0 ? 0 : 1, locale)} ${units[power]}`
}
