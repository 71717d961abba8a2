/** Sends requests, and again while nobody answers, as a careful sender does. */
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import type { Outgoing } from './requests.ts'

export interface Sender {
  /** Resolves with the status and body of the answer that counts; `isRepeat`: nobody answered an earlier try. */
  send(outgoing: () => Outgoing): Promise<{ status: number; body: string; ms: number; isRepeat: boolean }>
  close(): void
  /** How often nobody answered, and how often it was told to come again. */
  counts: { unanswered: number; comeAgain: number }
}

const againMs = 25
const patienceMs = 120_000

export function createSender(port: () => number, connections: number): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const counts = { unanswered: 0, comeAgain: 0 }
  return {
    counts,
    close: () => agent.destroy(),
    async send(outgoing) {
      const begin = performance.now()
      let isRepeat = false
      while (performance.now() - begin < patienceMs) {
        // Signed anew each time: a signature is good for five minutes.
        const answer = await sendOnce(agent, port(), outgoing()).catch(() => undefined)
        if (!answer) {
          counts.unanswered += 1
          isRepeat = true
        } else if (answer.status === 429 || answer.status === 503) counts.comeAgain += 1
        else return { ...answer, ms: performance.now() - begin, isRepeat }
        await new Promise((resolve) => setTimeout(resolve, againMs))
      }
      throw new Error(`nobody answered for ${patienceMs / 1000} s`)
    },
  }
}

function sendOnce(agent: Agent, port: number, outgoing: Outgoing): Promise<{ status: number; body: string }> {
  const { method, path, headers, body } = outgoing
  return new Promise((resolve, reject) => {
    const length = { 'content-length': String(body.length) }
    const options = { agent, host: '127.0.0.1', port, method, path, headers: { ...headers, ...length } }
    const sent = request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      )
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Sends the head and then a byte now and then; resolves with the status that ends it, and after how long. */
export function sendSlowly(
  port: number,
  { path, headers, body }: Outgoing,
  everyMs: number,
): Promise<{ status: number; ms: number }> {
  return new Promise((resolve, reject) => {
    const begin = performance.now()
    const socket = connect(port, '127.0.0.1')
    const lines = Object.entries({ ...headers, 'content-length': String(body.length) })
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    socket.write(`POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${head}\r\n`)
    let at = 0
    const timer = setInterval(() => socket.write(body.subarray(at, ++at)), everyMs)
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', (error) => {
      if (answer === '') reject(error)
    })
    socket.on('close', () => {
      clearInterval(timer)
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
      resolve({ status, ms: performance.now() - begin })
    })
  })
}
