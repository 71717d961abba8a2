/** The child's side of `runChild`. */
import { closeSync, writeSync } from 'node:fs'

/** Reads the parent's request from stdin. */
export async function readRequest(): Promise<unknown> {
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
