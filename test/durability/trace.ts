/** System calls of a traced process, as strace wrote them down. */
import { spawnSync } from 'node:child_process'

/** false, or why nothing can be traced here. */
export const cannotTrace: string | false =
  process.platform !== 'linux' || spawnSync('strace', ['-e', 'trace=none', 'true']).status !== 0
    ? 'no strace'
    : false

/**
 * For each acknowledgement whether its operation was safe: something was written to the log since the one before, and
 * after the last of these writes the log was fsynced, well.
 */
export function safeAcknowledgements(trace: string): boolean[] {
  const safe: boolean[] = []
  let written = false
  let synced = false
  let begun = false
  for (const line of trace.split('\n')) {
    if (/^write\(1<.*"begin\\n"/.test(line)) begun = true
    if (!begun) continue
    if (/^pwrite64\(\d+<[^>]*-wal>/.test(line)) {
      written = true
      synced = false
    }
    if (/^f(data)?sync\(\d+<[^>]*-wal>\)\s+= 0$/.test(line)) synced = written
    if (!/^write\(1<.*"acknowledged \d+\\n"/.test(line)) continue
    safe.push(written && synced)
    written = false
    synced = false
  }
  return safe
}
