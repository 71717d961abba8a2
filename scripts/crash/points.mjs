/**
 * Loaded into an engine by `node --import`: numbers every durable write and every send, and ends the process by SIGKILL
 * at one of them. The engine itself knows nothing of it.
 *
 * JOBSD_CRASH_TRACE: a file that gets each point's name, one a line, and after a tab what it is about. JOBSD_CRASH_AT: `<name>#<n>` (the nth time that
 * point is met) or a number (that many points from the start). JOBSD_CRASH_ROOTS: JSON, label → folder; the disk is
 * watched below these only.
 */
import { openSync, writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const { JOBSD_CRASH_TRACE: trace, JOBSD_CRASH_AT: at, JOBSD_CRASH_ROOTS: roots } = process.env

// Parse workers inherit the flag, and child processes may: only the engine's own thread counts.
if (isMainThread && roots !== undefined) {
  const descriptor = trace === undefined ? undefined : openSync(trace, 'a')
  const met = new Map()
  let total = 0
  /** `about` is shown in the trace, but is no part of the name: what shares a commit depends on the moment. */
  const reach = (name, about = '') => {
    const count = (met.get(name) ?? 0) + 1
    met.set(name, count)
    total += 1
    const full = `${name}#${count}`
    if (descriptor !== undefined) writeSync(descriptor, `${full}\t${about}\n`)
    if (full !== at && String(total) !== at) return
    if (descriptor !== undefined) writeSync(descriptor, `KILLED ${full}\n`)
    process.kill(process.pid, 'SIGKILL')
    // Not one more instruction of the engine.
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
  }
  const { watchDisk } = await import('./points-disk.mjs')
  const { watchLedger } = await import('./points-ledger.mjs')
  const { watchSftp } = await import('./points-sftp.mjs')
  const { watchSmtp } = await import('./points-smtp.mjs')
  const { watchHttp } = await import('./points-http.mjs')
  await watchDisk(reach, Object.entries(JSON.parse(roots)))
  watchLedger(reach)
  watchSftp(reach)
  watchSmtp(reach)
  watchHttp(reach)
}
