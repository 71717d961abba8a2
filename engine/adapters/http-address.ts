/** Looks a host up once and lets a request connect to exactly what was found: a second answer of the DNS changes nothing. */
import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { JobsdError } from '../core/errors.ts'
import type { HttpConnection } from '../core/manifest.ts'
import { whyNotPublic } from '../core/public-address.ts'
import { untilAborted } from './until-aborted.ts'

/** Every address of a host. Rejects where there is none. */
export type ResolveHost = (host: string) => Promise<LookupAddress[]>

export const resolveHost: ResolveHost = (host) => lookup(host, { all: true, verbatim: true })

/**
 * The addresses of the connection's host. Throws ADDRESS_REFUSED where one of them is not public, unless the connection
 * allows it, and ENDPOINT_UNREACHABLE where there is none.
 */
export async function findAddresses(
  { name, baseUrl, allowPrivate = false }: HttpConnection,
  resolve: ResolveHost,
  signal: AbortSignal,
): Promise<LookupAddress[]> {
  // The URL has every spelling of an IPv4 address as four decimal numbers.
  const host = new URL(baseUrl).hostname.replace(/^\[|\]$/g, '')
  const literal = isIP(host)
  const found = literal > 0 ? [{ address: host, family: literal }] : await lookUp(name, host, resolve, signal)
  if (allowPrivate) return found
  for (const { address } of found) {
    const reason = whyNotPublic(address)
    if (reason === undefined) continue
    const words = `that is ${reason}, and the connection does not allow it`
    throw new JobsdError('ADDRESS_REFUSED', { connection: name, address, reason: words })
  }
  return found
}

async function lookUp(
  connection: string,
  host: string,
  resolve: ResolveHost,
  signal: AbortSignal,
): Promise<LookupAddress[]> {
  let found: LookupAddress[] = []
  let reason = `${host} has no address`
  try {
    found = await untilAborted(resolve(host), signal)
  } catch (error) {
    if (signal.aborted) throw error
    reason = `${(error as NodeJS.ErrnoException).code ?? 'the DNS failed'} ${host}`
  }
  if (found.length === 0) throw new JobsdError('ENDPOINT_UNREACHABLE', { connection, reason })
  return found
}

/** Answers every question of a socket with these addresses. */
export function answerWith(addresses: LookupAddress[]): LookupFunction {
  return (_host, { all }, done) => {
    if (all) done(null, addresses)
    else done(null, addresses[0]!.address, addresses[0]!.family)
  }
}
