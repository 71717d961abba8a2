/** The keys that events may be signed with, as the clients' policies name them. */
import type { Clock, Log, Secrets } from '../core/contracts/services.ts'
import type { ClientPolicy } from '../core/manifest.ts'
import type { Secret } from '../core/secret.ts'
import type { EventKey } from './events.ts'

/** A request must not cost a file a key: nobody has proved anything when they are looked at. */
const keptMs = 10_000

interface KeyParts {
  policies(): ReadonlyMap<string, ClientPolicy>
  secrets: Secrets
  clock: Clock
  log: Log
}

/**
 * Finds the keys of all clients, or the one named `<client>/<name>`. Secrets are read anew after 10 s. A key that cannot
 * be resolved is left out, and told when that begins or its reason changes.
 */
export function createEventKeys({ policies, secrets, clock, log }: KeyParts) {
  let resolved = new Map<string, Promise<Secret | string>>()
  let sinceMs = 0
  const told = new Map<string, string>()

  function resolve(name: string): Promise<Secret | string> {
    const known = resolved.get(name)
    if (known) return known
    const found = secrets.resolve(name).catch((error: Error) => error.message)
    resolved.set(name, found)
    return found
  }

  function tell(client: string, key: string, reason: string | undefined): void {
    const id = `${client}/${key}`
    if (told.get(id) === reason) return
    if (reason === undefined) told.delete(id)
    else {
      told.set(id, reason)
      log.error({ client, key, reason }, 'an event key cannot be used')
    }
  }

  return async function findEventKeys(only: string | undefined): Promise<EventKey[]> {
    const nowMs = clock.now().getTime()
    // A clock that was set back must not keep secrets for longer.
    if (Math.abs(nowMs - sinceMs) >= keptMs) {
      resolved = new Map()
      sinceMs = nowMs
    }
    const keys: EventKey[] = []
    for (const { name: client, eventKeys } of policies().values()) {
      for (const { name, key } of eventKeys ?? []) {
        if (only !== undefined && only !== `${client}/${name}`) continue
        const secret = await resolve(key.secret)
        const isReason = typeof secret === 'string'
        tell(client, name, isReason ? secret : undefined)
        if (!isReason) keys.push({ client, name, secret })
      }
    }
    return keys
  }
}
