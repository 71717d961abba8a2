import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Contender, createWatch, inLanes, lanes } from './runs-contender.ts'

interface BullMq {
  Queue: new (
    name: string,
    options: object,
  ) => { add(name: string, data: object): Promise<unknown>; close(): Promise<void> }
  Worker: new (
    name: string,
    work: () => Promise<void>,
    options: object,
  ) => {
    on(event: 'completed', listener: () => void): void
    close(): Promise<void>
    waitUntilReady(): Promise<unknown>
  }
}

/** BullMQ on a Redis of its own, over a socket, that acknowledges after an fsync. Its worker is in this process. */
export async function createBullMq(modules: string, redisServer: string, folder: string): Promise<Contender> {
  const require = createRequire(join(modules, 'package.json'))
  const { Queue, Worker } = require('bullmq') as BullMq
  const socket = join(folder, 'redis.sock')
  const options = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '']
  const server = spawn(redisServer, [...options, '--appendonly', 'yes', '--appendfsync', 'always'])
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.stdout.on('data', (text: Buffer) => text.includes('eady to accept connections') && resolve())
  })
  const connection = { path: socket, maxRetriesPerRequest: null }
  const watch = createWatch()
  const queue = new Queue('bench', { connection })
  const worker = new Worker('bench', async () => watch.onBegin(), { connection, concurrency: lanes })
  await worker.waitUntilReady()
  worker.on('completed', () => watch.onEnd())
  const hand = () => queue.add('no-op', { job: 'acme/eod-call-detail' })
  return {
    name: 'BullMQ',
    run: (count) => watch.all(count, () => inLanes(count, hand)),
    begin: () => watch.one(hand),
    async close() {
      await worker.close()
      await queue.close()
      server.kill()
    },
  }
}
