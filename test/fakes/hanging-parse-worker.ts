/** A parse worker that never ends with a text that says so, and ends badly with another. */
import { parentPort } from 'node:worker_threads'
import { parseText } from '../../engine/config/parse.ts'
import type { ParseTask } from '../../engine/config/parse-workers.ts'

parentPort!.on('message', ({ file, text }: ParseTask) => {
  if (text.includes('hang')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  if (text.includes('fail')) throw new Error('a bug in the parser')
  if (text.includes('grow'))
    for (const kept: unknown[] = []; ; ) kept.push(new Array(100_000).fill(kept.length))
  const { document, problems } = parseText(file, text)
  parentPort!.postMessage({
    value: document && { value: document.value, places: document.places },
    problems,
  })
})
parentPort!.postMessage('ready')
