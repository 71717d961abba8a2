/**
 * The speed of mails with a 10 KiB attachment over five sessions, against Postfix's own `smtp-source` with mails of the
 * same size and as many sessions, in turns: to a sink that keeps nothing, and to a real Postfix that syncs each mail.
 * `npm run bench:mail -- [--rounds 3] [--mails 1000] [--sync-ms N]`; `--sync-ms N` makes each sync of Postfix N ms longer,
 * as a slower disk's are, by a small library that `cc` compiles.
 */
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createSmtpMailer } from '../../engine/adapters/smtp-mailer.ts'
import type { MailMessage } from '../../engine/core/contracts/endpoints.ts'
import { Secret } from '../../engine/core/secret.ts'
import { noPostfix, startPostfix } from '../../test/fakes/postfix.ts'
import { startSmtpServer } from '../demo/smtp-server.ts'
import { parseOptions } from '../parse-options.ts'
import { runSlowly } from './slow-sync.ts'

const { values } = parseOptions(import.meta.filename, {
  options: {
    rounds: { type: 'string', default: '3' },
    mails: { type: 'string', default: '1000' },
    'sync-ms': { type: 'string' },
  },
})
if (values['sync-ms'] !== undefined) process.exit(runSlowly(Number(values['sync-ms'])))
const [rounds, count] = [Number(values.rounds), Number(values.mails)]
const sessions = 5
const never = new AbortController().signal
const exec = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'jobsd-bench-mail-'))
const localPath = join(folder, 'calls.csv')
await writeFile(localPath, randomBytes(10 * 1024))

function mailerTo(port: number) {
  return createSmtpMailer(
    {
      ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'mail', type: 'smtp', security: 'none' },
      ...{ host: '127.0.0.1', port, from: 'reports@platform.example' },
    },
    { secrets: { resolve: async () => new Secret('unused') }, hostname: 'bench.example' },
  )
}

let number = 0
function nextMail(): MailMessage {
  number += 1
  return {
    messageId: `<bench-${number}@platform.example>`,
    date: new Date(),
    ...{ to: ['ann@acme.example'], cc: [], bcc: [], replyTo: null },
    ...{
      subject: 'Calls of 22 November',
      text: 'The file is attached.',
      html: '<p>The file is attached.</p>',
    },
    attachments: [{ fileName: 'calls.csv', mediaType: 'text/csv', localPath }],
  }
}

/** All of the mails, as many at once as there are sessions. Returns the seconds. */
async function sendOwn(port: number): Promise<number> {
  const mailer = mailerTo(port)
  let left = count
  const begun = performance.now()
  const work = async (): Promise<void> => {
    while (left-- > 0) await mailer.send(nextMail(), async () => undefined, never)
  }
  await Promise.all(Array.from({ length: sessions }, work))
  const seconds = (performance.now() - begun) / 1000
  await mailer.close()
  return seconds
}

/** The peer with `-d` keeps its sessions as the mailer does. */
async function sendPeer(port: number, bytes: number): Promise<number> {
  const addresses = ['-f', 'reports@platform.example', '-t', 'ann@acme.example']
  const amount = ['-d', '-s', String(sessions), '-m', String(count), '-l', String(bytes)]
  const begun = performance.now()
  await exec('smtp-source', [...amount, ...addresses, `127.0.0.1:${port}`])
  return (performance.now() - begun) / 1000
}

async function measureMail(): Promise<number> {
  const server = await startSmtpServer()
  const mailer = mailerTo(server.port)
  await mailer.send(nextMail(), async () => undefined, never)
  await mailer.close()
  await server.close()
  return server.messages[0]!.raw.length
}

async function compare(what: string, port: number, bytes: number): Promise<void> {
  const ratios: number[] = []
  for (let round = 1; round <= rounds; round++) {
    // Whoever goes first finds a colder machine: in turns.
    const early = round % 2 === 0 ? await sendPeer(port, bytes) : undefined
    const own = await sendOwn(port)
    const peer = early ?? (await sendPeer(port, bytes))
    ratios.push(peer / own)
    const speeds = `jobsd ${(count / own).toFixed(0)} mails/s, smtp-source ${(count / peer).toFixed(0)} mails/s`
    console.log(`${what}, round ${round}: ${speeds}: ${(peer / own).toFixed(2)}x`)
  }
  const sorted = ratios.toSorted((a, b) => a - b)
  const range = `${sorted[0]!.toFixed(2)} to ${sorted.at(-1)!.toFixed(2)}`
  console.log(`${what}: ${sorted[Math.floor(rounds / 2)]!.toFixed(2)}x (${range}); the goal is 0.6x`)
}

async function startSink(): Promise<{ port: number; close(): Promise<void> }> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }
  listener.close()
  await once(listener, 'close')
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn('smtp-sink', [...user, `127.0.0.1:${port}`, '1000'], { stdio: 'inherit' })
  const exit = once(child, 'exit')
  for (let tries = 0; tries < 100; tries++) {
    const socket = createConnection(port, '127.0.0.1')
    const isUp = await once(socket, 'data').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isUp) break
    await setTimeout(50)
  }
  return {
    port,
    async close() {
      child.kill()
      await exit
    },
  }
}

try {
  const bytes = await measureMail()
  console.log(`${count} mails of ${bytes} bytes over ${sessions} sessions`)
  const sink = await startSink()
  await compare('to smtp-sink', sink.port, bytes).finally(sink.close)
  if (noPostfix) console.log(`to Postfix: ${noPostfix}`)
  else {
    const postfix = await startPostfix({ environment: ['LD_PRELOAD', 'JOBSD_BENCH_SYNC_US'] })
    await compare('to Postfix', postfix.port, bytes).finally(postfix.close)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
