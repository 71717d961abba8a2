/** The object stores that the contract runs against: ours and, where they are installed, others' own. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Test } from 'tap'
import { startS3Server } from '../../scripts/demo/s3-server.ts'
import { freePort } from './free-port.ts'

export interface RunningObjectServer {
  endpoint: string
  close(): Promise<void>
}

export interface ObjectServer {
  name: string
  /** Why it is skipped here. */
  skip: false | string
  accessKey: { id: string; secret: string }
  /** Whether it honours `If-None-Match: *`, looks at signatures, keeps tags, and names a download as its link asks. */
  does: { conditions: boolean; signatures: boolean; tags: boolean; names: boolean }
  start(test: Test): Promise<RunningObjectServer>
}

const bucket = 'acme-reports'
const python = '/usr/bin/python3'

const front: ObjectServer = {
  name: "fauxqs behind the demo's strict front",
  skip: false,
  accessKey: { id: 'ACMEKEYID', secret: 'acme-secret' },
  does: { conditions: true, signatures: true, tags: true, names: true },
  start: () => startS3Server({ accessKeys: [{ ...front.accessKey, buckets: [bucket] }] }),
}

const swift: ObjectServer = {
  name: "OpenStack Swift's s3api",
  skip: hasSwift() ? false : 'no swift-proxy with account, container and object server',
  accessKey: { id: 'acme:jobsd', secret: 'acme-secret' },
  does: { conditions: false, signatures: true, tags: false, names: true },
  async start(test) {
    const { id, secret } = swift.accessKey
    const script = new URL('./swift-server.py', import.meta.url).pathname
    const child = spawn(python, [script, test.testdir(), id, secret], { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const port = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (text) => resolve(String(text).trim()))
      child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
    })
    return {
      endpoint: `http://127.0.0.1:${port}`,
      async close() {
        child.stdin.end()
        await ended
      },
    }
  },
}

const moto: ObjectServer = {
  name: 'moto',
  skip: spawnSync('moto_server', ['--help'], { stdio: 'ignore' }).status === 0 ? false : 'no moto_server',
  accessKey: { id: 'ACMEKEYID', secret: 'acme-secret' },
  does: { conditions: true, signatures: false, tags: true, names: false },
  async start() {
    const port = await freePort()
    const child = spawn('moto_server', ['-p', String(port)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (text) => String(text).includes('Running on') && resolve())
      child.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
    })
    return {
      endpoint: `http://127.0.0.1:${port}`,
      async close() {
        child.kill()
        await ended
      },
    }
  },
}

export const objectServers = [front, swift, moto]

/** Starts a server with the bucket `acme-reports`; it ends with the test. */
export async function startObjectServer(test: Test, server: ObjectServer): Promise<RunningObjectServer> {
  const running = await server.start(test)
  test.teardown(() => running.close())
  if (server === front) return running
  const { CreateBucketCommand, S3Client } = await import('@aws-sdk/client-s3')
  const client = new S3Client({
    endpoint: running.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: server.accessKey.id, secretAccessKey: server.accessKey.secret },
  })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
  return running
}

function hasSwift(): boolean {
  if (!existsSync(python)) return false
  try {
    const modules =
      'import swift.proxy.server, swift.account.server, swift.container.server, swift.obj.server'
    execFileSync(python, ['-c', modules], { stdio: 'ignore' })
    return true
  } catch {
    // Not installed.
    return false
  }
}
