/** A token service on loopback: gives each role temporary keys, and checks who asks. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { S3Failure } from '../../scripts/demo/s3-failure.ts'
import type { S3AccessKey } from '../../scripts/demo/s3-server.ts'
import { verifySignature } from '../../scripts/demo/s3-signature.ts'

export interface StsRole {
  arn: string
  externalId?: string
  /** The keys that it gives, one set after the other; the last one again and again. */
  keys: (S3AccessKey & { validMs: number })[]
}

export interface RunningSts {
  endpoint: string
  /** The requests that were answered with keys. */
  given: { signer: string; sessionName: string }[]
  close(): Promise<void>
}

export async function startStsServer(
  signers: { id: string; secret: string }[],
  role: StsRole,
): Promise<RunningSts> {
  const given: RunningSts['given'] = []
  const server = createServer(async (incoming, response) => {
    const answer = (status: number, xml: string) =>
      response.writeHead(status, { 'content-type': 'text/xml' }).end(xml)
    try {
      const body = await buffer(incoming)
      const payloadHash = createHash('sha256').update(body).digest('hex')
      const request = { method: 'POST', url: incoming.url ?? '/', headers: incoming.headers, payloadHash }
      const secretOf = (id: string) => signers.find((each) => each.id === id)?.secret
      const signer = verifySignature(request, secretOf, new Date(), 'sts')
      const fields = new URLSearchParams(body.toString())
      const isAllowed =
        fields.get('Action') === 'AssumeRole' &&
        fields.get('RoleArn') === role.arn &&
        (fields.get('ExternalId') ?? undefined) === role.externalId
      if (!isAllowed) throw new S3Failure(403, 'AccessDenied', 'not authorized to perform: sts:AssumeRole')
      const keys = role.keys[Math.min(given.length, role.keys.length - 1)]!
      given.push({ signer, sessionName: fields.get('RoleSessionName') ?? '' })
      const expiration = new Date(Date.now() + keys.validMs).toISOString()
      answer(
        200,
        `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>` +
          `<AccessKeyId>${keys.id}</AccessKeyId><SecretAccessKey>${keys.secret}</SecretAccessKey>` +
          `<SessionToken>${keys.sessionToken}</SessionToken><Expiration>${expiration}</Expiration>` +
          `</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
      )
    } catch (error) {
      const failure =
        error instanceof S3Failure ? error : new S3Failure(500, 'InternalFailure', String(error))
      const { code, message, status } = failure
      answer(
        status,
        `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
      )
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    given,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
