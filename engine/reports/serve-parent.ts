/** The child's side of `runChild`. */
import { closeSync, writeSync } from 'node:fs'

/** Reads the parent's request from stdin. From then on this process ends within two seconds of its parent. */
export async function readRequest(): Promise<unknown> {
  endWithParent()
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

/** Writes the one answer to descriptor 3. The parent then ends this process, also while native work goes on. */
export function answerParent(answer: unknown): void {
  const bytes = Buffer.from(JSON.stringify(answer))
  for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at)
  closeSync(3)
}

/** A parent that is killed cannot kill its child. */
function endWithParent(): void {
  // As the parent told it: a parent that is gone by now has already been replaced.
  const parent = Number(process.argv[2])
  setInterval(() => {
    // Not `process.exit`, which waits for native work.
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
  }, 1000).unref()
}
