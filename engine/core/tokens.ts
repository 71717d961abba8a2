import { DAY } from './civil.ts'
import { JobsdError } from './errors.ts'
import { capFileName, replaceUnsafe, sanitizePart } from './file-name.ts'
import type { Period } from './model.ts'
import { periodDays } from './period.ts'
import { suggestWord } from './suggest.ts'
import { readTemplate, type TemplatePart } from './template.ts'
import { formatLocal, formatWall, wallMsAt } from './zone.ts'

/** What the tokens of a file name or folder stand for. */
export interface TokenValues {
  client: string
  callCenter: string | null
  job: string
  report: string | null
  campaign: { id: string; name: string } | null
  /** By name. */
  parameters?: Readonly<Record<string, string | number | boolean>>
  period: Period | null
  slotMs: number
  /** The zone of `{slot}`. */
  timezone: string
  seq: number | null
  runId: string
  /** The name of the file that is delivered, without extension. */
  name?: string
  /** Without the dot. */
  ext: string
}

export interface TokenFault {
  /** In UTF-16 units of the template. */
  offset: number
  length: number
  /** What is there and what is allowed. */
  message: string
}

type Token = Extract<TemplatePart, { kind: 'token' }>
type TokenReader = (values: TokenValues, format: string | null) => string | null | undefined

const plainTokens: Record<string, TokenReader> = {
  client: (values) => values.client,
  callCenter: (values) => values.callCenter,
  job: (values) => values.job,
  report: (values) => values.report,
  'campaign.id': (values) => values.campaign?.id,
  'campaign.name': (values) => values.campaign?.name,
  seq: (values) => values.seq?.toString(),
  runId: (values) => values.runId,
  name: (values) => values.name,
  ext: (values) => values.ext,
}
const timeTokens: Record<string, TokenReader> = {
  'period.start': ({ period }, format) => period && formatPeriodStart(period, format ?? 'yyyyMMdd'),
  'period.end': ({ period }, format) => period && formatPeriodEnd(period, format ?? 'yyyyMMdd'),
  slot: (values, format) => formatLocal(values.timezone, values.slotMs, format ?? 'yyyyMMddHHmm'),
}
const readers: Record<string, TokenReader> = { ...plainTokens, ...timeTokens }
const formatLetters = ['yyyy', 'MM', 'dd', 'HH', 'mm', 'ss']

/** The names of all tokens, without braces; `{param.<name>}` besides, for each parameter of the job. */
export const tokenNames: readonly string[] = Object.keys(readers)
const parameterToken = /^param\.([a-z][A-Za-z0-9]*)$/

/** The token's reader; undefined for no token. */
function readerOf(name: string): TokenReader | undefined {
  const [, parameter] = parameterToken.exec(name) ?? []
  if (parameter === undefined) return Object.hasOwn(readers, name) ? readers[name] : undefined
  return ({ parameters = {} }) =>
    Object.hasOwn(parameters, parameter) ? String(parameters[parameter]) : null
}

/**
 * The file name that a template gives: no path, at most 200 bytes of UTF-8. A value that the run does
 * not have leaves nothing, nor its separator. Throws TEMPLATE_FAILED for a template that checkTokens finds fault with
 * and FILE_NAME_EMPTY where nothing but an extension is left.
 */
export function expandTokens(template: string, values: TokenValues): string {
  refuseFaults(template)
  const name = replaceUnsafe(expand(template, values)).replace(/[.\s]+$/, '')
  const isOnlyExtension = name.startsWith('.') && !template.startsWith('.')
  if (name === '' || isOnlyExtension) throw new JobsdError('FILE_NAME_EMPTY', { template })
  return capFileName(name)
}

/**
 * The folder or key prefix that a template gives: its own slashes stay, values bring none. A folder whose values the
 * run does not have is left out. Throws TEMPLATE_FAILED for a faulty template.
 */
export function expandPath(template: string, values: TokenValues): string {
  refuseFaults(template)
  const folders = template.split('/').map((text) => ({ text, name: expand(text, values) }))
  // Dots around a missing value must not add up to `..`.
  const kept = folders.filter(({ text, name }) => text === '' || !/^\.*$/.test(name))
  const path = kept.map(({ name }) => name).join('/')
  return path === '' && template.startsWith('/') ? '/' : path
}

/**
 * As expandPath, for what chooses files: a value that the run does not have would choose others too. Throws
 * TEMPLATE_FAILED for one.
 */
export function expandChoice(template: string, values: TokenValues): string {
  for (const part of readTemplate(template)) {
    if (part.kind !== 'token' || sanitizePart(readerOf(part.name)?.(values, part.format) ?? '') !== '')
      continue
    const reason = `the run has no {${part.name}}, and without it other files would be chosen`
    throw new JobsdError('TEMPLATE_FAILED', { template, reason })
  }
  return expandPath(template, values)
}

/**
 * A text with each value as `write` puts it, nothing else made safe. `write` gets an empty value where the run has none.
 * Throws TEMPLATE_FAILED for a faulty template.
 */
export function writeTokens(
  template: string,
  values: TokenValues,
  write: (value: string, token: string) => string,
): string {
  refuseFaults(template)
  return readTemplate(template)
    .map((part) => {
      if (part.kind === 'text') return part.text
      return part.kind === 'token' ? write(readerOf(part.name)?.(values, part.format) ?? '', part.name) : ''
    })
    .join('')
}

/** What is wrong with a template's tokens, in order; `known` are the names that may be used there, by default any. */
export function checkTokens(template: string, known?: readonly string[]): TokenFault[] {
  return readTemplate(template).flatMap((part) => {
    if (part.kind === 'text') return []
    const { offset, length } = part
    const message = part.kind === 'brace' ? braceMessage(template, offset) : tokenMessage(part, known)
    return message === null ? [] : [{ offset, length, message }]
  })
}

function braceMessage(template: string, offset: number): string {
  return template[offset] === '{'
    ? 'the brace "{" is never closed; a token is written as {client}'
    : 'the brace "}" closes nothing; a token is written as {client}'
}

function tokenMessage({ name, format }: Token, given: readonly string[] | undefined): string | null {
  const known = given ?? tokenNames
  if (!known.includes(name) && (given || !readerOf(name))) {
    const allowed = known.map((each) => `{${each}}`).join(' ')
    return `unknown token {${name}}; allowed are ${allowed}${suggestWord(name, known)}`
  }
  if (format === null) return null
  if (!Object.hasOwn(timeTokens, name))
    return `{${name}} takes no format; only ${Object.keys(timeTokens).join(', ')} do`
  const [unknown] = format.replace(/yyyy|MM|dd|HH|mm|ss/g, ' ').match(/\p{L}+|[/\\:*?"<>|]/u) ?? []
  if (format !== '' && unknown === undefined) return null
  const found = unknown === undefined ? 'is empty' : `has "${unknown}"`
  const hint = suggestWord(unknown ?? '', formatLetters)
  return `the format "${format}" of {${name}} ${found}; allowed are ${formatLetters.join(' ')} and "-", "_" or "." between them${hint}`
}

function refuseFaults(template: string): void {
  const [fault] = checkTokens(template)
  if (fault) throw new JobsdError('TEMPLATE_FAILED', { template, reason: fault.message })
}

function expand(template: string, values: TokenValues): string {
  let result = ''
  let isGapOpen = false
  for (const part of readTemplate(template)) {
    if (part.kind === 'brace') continue
    const isToken = part.kind === 'token'
    const text = isToken ? sanitizePart(readerOf(part.name)?.(values, part.format) ?? '') : part.text
    if (text === '') {
      isGapOpen ||= isToken
      continue
    }
    result = isGapOpen ? closeGap(result, text) : result + text
    isGapOpen = false
  }
  return isGapOpen ? closeGap(result, '') : result
}

/** Joins what stands before and after a missing value: one of two separators goes, at the ends the only one. */
function closeGap(before: string, after: string): string {
  const isLast = after === '' || after.startsWith('.')
  if (isLast) return before.replace(/[-_ ]$/, '') + after
  return before === '' || /[-_ ]$/.test(before) ? before + after.replace(/^[-_ ]/, '') : before + after
}

function formatPeriodStart(period: Period, format: string): string {
  const { first } = periodDays(period)
  return formatOnDay(first, wallMsAt(period.timezone, Date.parse(period.start)), format)
}

/** The last local day, inclusive; hours, minutes and seconds are those of the last second. */
function formatPeriodEnd(period: Period, format: string): string {
  const { last } = periodDays(period)
  const lastSecond = Math.max(Date.parse(period.start), Date.parse(period.end) - 1)
  return formatOnDay(last, wallMsAt(period.timezone, lastSecond), format)
}

function formatOnDay(day: number, wallMs: number, format: string): string {
  return formatWall(day * DAY + (wallMs - Math.floor(wallMs / DAY) * DAY), format)
}
