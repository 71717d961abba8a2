import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** Ctrl-C reaches the whole process group by itself: only a child that is still there then was not meant by it. */
const interruptDelayMs = 300
const looksEveryMs = 500

/**
 * Runs a program to its end, passing on the signals that would end this one. Resolves with its exit code, 128 and the
 * signal's number where one ended it; rejects where it cannot be started.
 */
export function runChild(command, args, options) {
  const child = spawn(command, args, options)
  const handlers = {
    SIGTERM: () => child.kill('SIGTERM'),
    SIGHUP: () => child.kill('SIGHUP'),
    // A second one must be harmless to the child: nothing tells whether the first was the terminal's.
    SIGINT: () => setTimeout(() => child.kill('SIGINT'), interruptDelayMs).unref(),
  }
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler)
  const forgetNpm = process.env.npm_lifecycle_event ? onOrphaned(handlers.SIGTERM) : () => {}
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  }).finally(() => {
    forgetNpm()
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler)
  })
}

/** npm and npx pass a signal on to the shell in between, which dies of it and tells nobody. Returns how to stop. */
function onOrphaned(callback) {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    callback()
  }, looksEveryMs)
  return () => clearInterval(timer)
}
