/** The path, query and body of a request out of their templates: a value stays where its token stands. */
import { JobsdError } from './errors.ts'
import { type TokenValues, writeTokens } from './tokens.ts'

/**
 * Each value is percent-encoded, so that none adds a part, a query or another host. Throws TEMPLATE_FAILED for a value
 * that the run does not have, that holds control characters, or with which a lenient server would find a way up.
 */
export function expandRequestPath(template: string, values: TokenValues): string {
  const refuse = (reason: string): never => {
    throw new JobsdError('TEMPLATE_FAILED', { template, reason })
  }
  const path = writeTokens(template, values, (value, token) => {
    if (value === '') refuse(`the run has no {${token}}, and without it the path is another one`)
    if (/\p{Cc}/u.test(value)) refuse(`the value of {${token}} holds control characters`)
    return encodeURIComponent(value.toWellFormed())
  })
  if (couldClimb(path)) refuse('with its values it could be read as a way up')
  return path
}

/** Whether a server of any kind could read the path as one that leaves its folder. */
export function couldClimb(path: string): boolean {
  return readings(path).some(climbs)
}

/** A path as it is, and as servers have it that decode it once, or once more, before they look at it. */
function readings(path: string): string[] {
  const once = decodeSeparators(path)
  return [path, once, decodeSeparators(once)]
}

function decodeSeparators(path: string): string {
  return path.replace(/%(2e|2f|3b|5c|25)/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

function climbs(path: string): boolean {
  // Some servers leave out what follows a semicolon before they look.
  return path.split(/[/\\]/).some((part) => /^\.{1,2}(;|$)/.test(part))
}

/** `a=1&b=2`, in the order in which they are written; empty for none. */
export function expandQuery(query: Record<string, string>, values: TokenValues): string {
  const encode = (text: string) => encodeURIComponent(text.toWellFormed())
  return Object.entries(query)
    .map(([name, text]) => `${encode(name)}=${encode(fillText(text, values))}`)
    .join('&')
}

/** The same value with the tokens in its texts filled; its keys stay as they are. */
export function expandJson(value: unknown, values: TokenValues): unknown {
  if (typeof value === 'string') return fillText(value, values)
  if (Array.isArray(value)) return value.map((item) => expandJson(item, values))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expandJson(item, values)]))
}

/** Throws TEMPLATE_FAILED for a value that the run does not have: a service would take an empty one for any. */
function fillText(template: string, values: TokenValues): string {
  return writeTokens(template, values, (value, token) => {
    if (value !== '') return value
    const reason = `the run has no {${token}}, and without it something else would be asked for`
    throw new JobsdError('TEMPLATE_FAILED', { template, reason })
  })
}

/** The texts in a value with the pointer of each, `/a/0`. */
export function textsOfJson(value: unknown, pointer = ''): { pointer: string; text: string }[] {
  if (typeof value === 'string') return [{ pointer, text: value }]
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, item]) =>
    textsOfJson(item, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  )
}
