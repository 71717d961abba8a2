/** What git told when a fetch failed, as an error of the table. */
import { JobsdError } from '../core/errors.ts'
import { hideSecrets } from '../core/secret.ts'

// The order counts: a full disk or a damaged mirror also ends with words about the remote.
const storage = /No space left on device|Disk quota exceeded|Read-only file system|Too many open files/
const damage =
  /bad object|corrupt|truncated|too (short|small)|not a git repository: '\.'|\.lock'|does not point to a valid object|did not send all necessary objects|unable to (find|read|open|map)|invalid sha1 pointer/i
const refusal =
  /could not read (Username|Password)|Authentication failed|returned error: (3\d\d|40[0-46-9]|41\d)|repository '.*' not found|repository not found|not valid: is this a git repository|does not appear to be a git repository|Permission denied \(|host key is known for|Host key verification failed|Too many authentication failures|Load key |remote error:|dubious ownership|transport '.*' not allowed|^error: object [0-9a-f]+: |fsck error/i
const unreachable =
  /could not resolve|failed to connect|connection (refused|timed out|reset|closed)|operation (timed out|too slow)|no route to host|network is unreachable|unable to access|early EOF|hung up unexpectedly|protocol error|RPC failed|unexpected disconnect|kex_exchange|^ssh: /i

/**
 * The error for the words of a failed fetch: BRANCH_MISSING, SOURCE_REFUSED, SOURCE_UNREACHABLE, STORAGE_FAILED, or
 * GIT_FAILED for what may come from a damaged mirror.
 */
export function translateFetchFailure(
  told: string,
  { source, branch }: { source: string; branch: string },
): JobsdError {
  // What the server itself says comes with `remote: ` and must not decide.
  const lines = told.split(/[\r\n]+/).filter((line) => line.trim() !== '' && !line.startsWith('remote: '))
  const say = (pattern: RegExp) => {
    const line = lines.find((each) => pattern.test(each))
    return line === undefined ? undefined : cleanLine(line)
  }
  const full = say(storage)
  if (full !== undefined) return new JobsdError('STORAGE_FAILED', { reason: full })
  const broken = say(damage)
  if (broken !== undefined) return new JobsdError('GIT_FAILED', { reason: broken })
  if (say(/couldn't find remote ref/) !== undefined) {
    return new JobsdError('BRANCH_MISSING', { source, branch, note: '' })
  }
  const refused = say(refusal)
  if (refused !== undefined) return new JobsdError('SOURCE_REFUSED', { source, reason: refused })
  const lost = say(unreachable)
  if (lost !== undefined) return new JobsdError('SOURCE_UNREACHABLE', { source, reason: lost })
  return new JobsdError('GIT_FAILED', { reason: cleanLine(lines[0] ?? 'no reason given') })
}

/** One line for people: at most 300 characters, without secrets, a URL's user and control characters. */
function cleanLine(line: string): string {
  // Before it is cut: half a secret would be known no more.
  return hideSecrets(line)
    .replace(/:\/\/[^/\s@]*@/g, '://')
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/^(fatal|error): /, '')
    .trim()
    .slice(0, 300)
}
