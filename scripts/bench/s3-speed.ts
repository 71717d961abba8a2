/**
 * Puts and fetches of one large object and of many small ones, four at a time, in turns with boto3 on the same server.
 * Says the ratio of each round. `npm run bench:s3 -- [--rounds 3] [--megabytes 256] [--files 300]`
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createS3Objects } from '../../engine/adapters/s3-objects.ts'
import type { ObjectPut } from '../../engine/core/contracts/endpoints.ts'
import { Secret } from '../../engine/core/secret.ts'
import { parseOptions } from '../parse-options.ts'

const { values } = parseOptions(import.meta.filename, {
  options: {
    rounds: { type: 'string', default: '3' },
    megabytes: { type: 'string', default: '256' },
    files: { type: 'string', default: '300' },
  },
})
const [rounds, megabytes, files] = [Number(values.rounds), Number(values.megabytes), Number(values.files)]
const atOnce = 4
const never = new AbortController().signal
const folder = mkdtempSync(join(tmpdir(), 'jobsd-bench-s3-'))

const serverScript = `
  import { startS3Server } from ${JSON.stringify(new URL('../demo/s3-server.ts', import.meta.url).href)}
  const server = await startS3Server({ accessKeys: [{ id: 'ID', secret: 'secret', buckets: ['bench-bucket'] }] })
  console.log(server.endpoint)
`

/** Reads lines `put|fetch round kind` and answers each with the seconds that it took. */
const peerScript = `
import sys, time, os
from concurrent.futures import ThreadPoolExecutor
import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
endpoint, folder, files, at_once = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
config = Config(s3={'addressing_style': 'path'}, max_pool_connections=at_once * 2,
                request_checksum_calculation='when_required', response_checksum_validation='when_required')
client = boto3.client('s3', endpoint_url=endpoint, region_name='us-east-1', aws_access_key_id='ID',
                      aws_secret_access_key='secret', config=config)
transfer = TransferConfig(multipart_threshold=16 * 2**20, multipart_chunksize=8 * 2**20, max_concurrency=2)
def run(work):
    with ThreadPoolExecutor(at_once) as pool: list(pool.map(work, range(files)))
for line in sys.stdin:
    what, number, kind = line.split()
    key = 'boto/' + number + '/' + kind
    began = time.time()
    if what == 'put' and kind == 'large': client.upload_file(folder + '/large', 'bench-bucket', key, Config=transfer)
    elif what == 'put': run(lambda i: client.upload_file(folder + '/small', 'bench-bucket', key + str(i)))
    elif kind == 'large': client.download_file('bench-bucket', key, folder + '/boto-' + number, Config=transfer)
    else: run(lambda i: client.download_file('bench-bucket', key + str(i), folder + '/boto-' + number + '-' + str(i)))
    print(time.time() - began, flush=True)
`

if (spawnSync('python3', ['-c', 'import boto3']).status !== 0) {
  throw new Error('the peer is missing: python3 with boto3')
}
const server = spawn(process.execPath, ['--input-type=module', '--eval', serverScript], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const endpoint = await nextLine(server.stdout)
  const [large, small] = [fileOf('large', megabytes * 1024 * 1024), fileOf('small', 10 * 1024)]
  const store = createS3Objects(
    {
      ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'bench', type: 's3', endpoint },
      ...{ region: 'us-east-1', bucket: 'bench-bucket', prefix: 'jobsd/' },
      ...{ accessKeyId: { secret: 'ID' }, secretAccessKey: { secret: 'secret' } },
    },
    { secrets: { resolve: async (name) => new Secret(name) } },
  )
  const peer = spawn('python3', ['-c', peerScript, endpoint, folder, String(files), String(atOnce)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const askPeer = async (order: string) => {
    peer.stdin.write(`${order}\n`)
    return Number(await nextLine(peer.stdout))
  }
  for (let round = 1; round <= rounds; round++) {
    const of = (file: ObjectPut, key: string) => ({ ...file, key: `${round}/${key}` })
    const localPath = (name: string) => join(folder, `jobsd-${round}-${name}`)
    const fetchOne = async (key: string) => {
      const [object] = await store.list(key, never)
      await store.fetch(object!, localPath(key.replaceAll('/', '-')), never)
    }
    const mine: Record<string, () => Promise<unknown>> = {
      'put large': () => store.put(of(large, 'large'), never),
      'fetch large': () => fetchOne(`${round}/large`),
      'put small': () => some((index) => store.put(of(small, `small-${index}-`), never)),
      'fetch small': () => some((index) => fetchOne(`${round}/small-${index}-`)),
    }
    for (const [what, work] of Object.entries(mine)) {
      const [verb, kind] = what.split(' ')
      const order = `${verb} ${round} ${kind}`
      // Whoever goes first finds a colder machine: in turns.
      const first = round % 2 === 0 ? await askPeer(order) : undefined
      const began = performance.now()
      await work()
      const own = (performance.now() - began) / 1000
      const theirs = first ?? (await askPeer(order))
      const ratio = (theirs / own).toFixed(2)
      console.log(`${what}: jobsd ${own.toFixed(2)} s, boto3 ${theirs.toFixed(2)} s: ${ratio}x`)
    }
  }
  peer.stdin.end()
  await store.close()
} finally {
  server.kill()
  rmSync(folder, { recursive: true, force: true })
}

function fileOf(name: string, size: number): ObjectPut {
  const bytes = randomBytes(size)
  const localPath = join(folder, name)
  writeFileSync(localPath, bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { key: name, localPath, size, sha256, mediaType: 'application/octet-stream', overwrite: 'fail' }
}

async function some(work: (index: number) => Promise<unknown>): Promise<void> {
  const left = Array.from({ length: files }, (_, index) => index).values()
  const worker = async () => {
    for (const index of left) await work(index)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

function nextLine(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => stream.once('data', (text) => resolve(String(text).trim())))
}
