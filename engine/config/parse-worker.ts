/** The worker of parse-workers.ts: parses texts as they come, and answers in their order. */
import { parentPort } from 'node:worker_threads'
import { parseText } from './parse.ts'
import type { ParseAnswer, ParseTask } from './parse-workers.ts'

parentPort!.on('message', ({ file, text }: ParseTask) => {
  const { document, problems } = parseText(file, text)
  // The text is known on the other side.
  const answer: ParseAnswer = {
    value: document && { value: document.value, places: document.places },
    problems,
  }
  parentPort!.postMessage(answer)
})
parentPort!.postMessage('ready')
