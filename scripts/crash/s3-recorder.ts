/** Stands before the S3 server and notes each put that the server took, even where nobody waited for its answer. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { startS3Server } from '../demo/s3-server.ts'
import { hashOf, type ServerRecord } from './record.ts'

export interface S3Recorder {
  endpoint: string
  /** Exchanges the store for an empty one. */
  empty(): Promise<void>
  close(): Promise<void>
}

export async function startS3Recorder(
  accessKey: { id: string; secret: string; buckets: string[] },
  record: () => ServerRecord,
): Promise<S3Recorder> {
  let store = await startS3Server({ accessKeys: [accessKey] })

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming)
    const { method, url: path = '/', headers } = incoming
    // The signature covers the host that the client named.
    const onward = request({ port: store.port, host: '127.0.0.1', method, path, headers })
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      onward.on('response', resolve).on('error', reject).end(body)
    })
    const text = await buffer(answer)
    if (method === 'PUT' && answer.statusCode === 200) {
      const place = decodeURIComponent(path.replace(/\?.*$/s, '').slice(1))
      record().publishes.push({ target: 's3', path: place, sha256: hashOf(body), size: body.length })
    }
    response.writeHead(answer.statusCode ?? 500, answer.headers)
    response.end(text)
  }

  const front = createServer((incoming, response) => {
    // A client that was killed in mid-request asked for nothing.
    pass(incoming, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    async empty() {
      const before = store
      store = await startS3Server({ accessKeys: [accessKey] })
      await before.close()
    },
    async close() {
      front.closeAllConnections()
      await new Promise((resolve) => front.close(resolve))
      await store.close()
    },
  }
}
