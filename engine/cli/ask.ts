import { createInterface } from 'node:readline/promises'
import { JobsdError } from '../core/errors.ts'

/** Asks one question on the terminal. Throws BAD_REQUEST where the input ends instead of an answer. */
export async function askOnTerminal(question: string): Promise<string> {
  const noAnswer = () => new JobsdError('BAD_REQUEST', { reason: 'no answer; nothing was written' })
  if (process.stdin.readableEnded) throw noAnswer()
  // The terminal edits the line: in raw mode a Ctrl-D or a line typed before the question would be lost.
  const lines = createInterface({ input: process.stdin, output: process.stdout, terminal: false })
  try {
    const ended = new Promise<never>((_, reject) => {
      lines.once('close', () => reject(noAnswer()))
    })
    return await Promise.race([lines.question(question), ended])
  } finally {
    lines.removeAllListeners('close')
    lines.close()
  }
}
