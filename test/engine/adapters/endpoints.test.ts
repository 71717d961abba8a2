import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { createEndpoints } from '../../../engine/adapters/endpoints.ts'
import type { MailMessage } from '../../../engine/core/contracts/endpoints.ts'
import type { HttpRequest } from '../../../engine/core/contracts/http.ts'
import type { Connection } from '../../../engine/core/manifest.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { startScriptedSmtp } from '../../fakes/scripted-smtp.ts'

const never = new AbortController().signal
const noMark = async (): Promise<void> => undefined
const secrets = { resolve: async () => new Secret('unused') }

function mail(number: number): MailMessage {
  return {
    messageId: `<${number}@platform.example>`,
    date: new Date('2026-11-24T12:00:00Z'),
    ...{ to: ['ann@acme.example'], cc: [], bcc: [], replyTo: null, attachments: [] },
    ...{ subject: `Report ${number}`, html: '<p>Hello</p>', text: 'Hello' },
  }
}

t.test('a mail over what its connection allows within a minute waits, and is sent then', async (t) => {
  const clock = createManualClock('2026-11-24T12:00:00Z')
  const server = await startScriptedSmtp({})
  const endpoints = createEndpoints({ secrets, clock })
  t.teardown(async () => {
    await endpoints.close()
    await server.close()
  })
  const connection = {
    ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'mail', type: 'smtp', security: 'none' },
    ...{ host: '127.0.0.1', port: server.port, from: 'reports@platform.example', maxPerMinute: 2 },
  } as Connection
  const send = (by: Connection, number: number) => endpoints.mailer(by).send(mail(number), noMark, never)
  await send(connection, 1)
  await send(connection, 2)
  const third = send(connection, 3)
  // By when another connection's mail is through, it could have been.
  await send({ ...connection, name: 'other' } as Connection, 4)
  t.equal(server.taken.length, 3)
  await clock.advance(60_000)
  await third
  t.equal(server.taken.length, 4)
  t.match(server.taken[3]?.text, 'Subject: Report 3')
})

t.test('no more requests than the connection allows are under way', async (t) => {
  const clock = createManualClock('2026-11-24T12:00:00Z')
  const asked: (() => void)[] = []
  const server = createServer((request, response) => {
    request.resume()
    asked.push(() => response.end('{}'))
    server.emit('asked')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoints = createEndpoints({ secrets, clock })
  t.teardown(async () => {
    await endpoints.close()
    server.closeAllConnections()
    server.close()
  })
  const connection = {
    ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'crm', type: 'http', allowPrivate: true },
    ...{ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, maxConnections: 1 },
  } as Connection
  const request: HttpRequest = {
    ...{ method: 'GET', path: '/calls', query: '', body: { kind: 'none' } },
    ...{ idempotencyKey: 'one', isRepeatable: true },
  }
  const first = once(server, 'asked')
  const answers = [1, 2].map(() => endpoints.http(connection).send(request, noMark, never))
  await first
  t.equal(asked.length, 1)
  const second = once(server, 'asked')
  asked[0]?.()
  t.match(await answers[0], { status: 200 })
  await second
  t.equal(asked.length, 2)
  asked[1]?.()
  t.match(await answers[1], { status: 200 })
})
