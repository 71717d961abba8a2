/**
 * The speed of SFTP on loopback, against OpenSSH's own clients with the same cipher, in turns: one large file against
 * `scp`, and many small ones, each under its final name in one step and synced, against `sftp -b` that does the same.
 * `npm run bench:sftp:speed -- [--rounds 3] [--mb 1024] [--files 1000]`
 */
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createSftpFiles } from '../../engine/adapters/sftp-files.ts'
import { systemClock } from '../../engine/adapters/system-clock.ts'
import type { PutRequest } from '../../engine/core/contracts/endpoints.ts'
import { Secret } from '../../engine/core/secret.ts'
import { startSshDaemon } from '../../test/fakes/ssh-daemon.ts'
import { parseOptions } from '../parse-options.ts'

const { values } = parseOptions(import.meta.filename, {
  options: {
    rounds: { type: 'string', default: '3' },
    mb: { type: 'string', default: '1024' },
    files: { type: 'string', default: '1000' },
  },
})
const [rounds, megabytes, count] = [values.rounds, values.mb, values.files].map(Number) as [
  number,
  number,
  number,
]
const CIPHER = 'aes128-gcm@openssh.com'
const SMALL_BYTES = 10 * 1024
const never = new AbortController().signal
const exec = promisify(execFile)

// In memory where that is possible: the disk's speed is not what is asked.
const base = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'jobsd-bench-'))
const inbox = join(base, 'inbox')
const local = join(base, 'local')
await mkdir(inbox)
await mkdir(local)
const daemon = await startSshDaemon(base, { lines: [`Ciphers ${CIPHER}`] })
const files = createSftpFiles(
  {
    apiVersion: 'jobsd/v1',
    kind: 'Connection',
    name: 'bench',
    type: 'sftp',
    host: '127.0.0.1',
    port: daemon.port,
    username: daemon.username,
    hostKeys: [daemon.hostKeyFingerprint],
    privateKey: { secret: 'key' },
    root: inbox,
  },
  { secrets: { resolve: async () => new Secret(daemon.userKey) }, clock: systemClock },
)
const sshOptions = ['-q', '-i', daemon.userKeyFile, '-c', CIPHER, '-P', String(daemon.port)].concat(
  ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'IdentitiesOnly=yes'].flatMap((option) => [
    '-o',
    option,
  ]),
)

async function makeLarge(): Promise<PutRequest> {
  const localPath = join(local, 'large')
  const hash = createHash('sha256')
  const chunk = randomBytes(1024 * 1024)
  const file = await open(localPath, 'w')
  for (let number = 0; number < megabytes; number++) {
    chunk.writeUInt32BE(number)
    hash.update(chunk)
    await file.write(chunk)
  }
  await file.close()
  const size = megabytes * 1024 * 1024
  return { path: '/large', localPath, size, sha256: hash.digest('hex'), key: 'k', overwrite: 'replace' }
}

async function makeSmall(): Promise<PutRequest[]> {
  const requests: PutRequest[] = []
  for (let number = 0; number < count; number++) {
    const bytes = randomBytes(SMALL_BYTES)
    const localPath = join(local, `small-${number}`)
    await writeFile(localPath, bytes)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const path = `/small-${number}`
    requests.push({ path, localPath, size: SMALL_BYTES, sha256, key: `k${number}`, overwrite: 'fail' })
  }
  return requests
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  for (const name of await readdir(inbox)) await rm(join(inbox, name))
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

async function requireSmall(): Promise<void> {
  const names = await readdir(inbox)
  const whole = await Promise.all(names.map((name) => stat(join(inbox, name))))
  if (names.length !== count || whole.some(({ size }) => size !== SMALL_BYTES))
    throw new Error(`${names.length} of ${count} files are there`)
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}

function tell(what: string, ours: number[], theirs: number[], goal: string): void {
  const ratios = theirs.map((seconds, round) => seconds / ours[round]!)
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)]
  const range = `${least.toFixed(2)} to ${most.toFixed(2)}`
  console.log(`${what}: ${median(ratios).toFixed(2)}x (${range}); the goal is ${goal}`)
}

try {
  const [large, small] = [await makeLarge(), await makeSmall()]
  const batch = join(base, 'batch')
  const lines = small.map(
    ({ localPath, path }) =>
      `put -f ${localPath} ${inbox}${path}.part\nrename ${inbox}${path}.part ${inbox}${path}`,
  )
  await writeFile(batch, lines.join('\n') + '\n')
  const host = `${daemon.username}@127.0.0.1`
  const [jobsdLarge, scpLarge, jobsdSmall, sftpSmall]: number[][] = [[], [], [], []]
  for (let round = 0; round < rounds; round++) {
    jobsdLarge!.push(await timed(() => files.put(large, never)))
    scpLarge!.push(await timed(() => exec('scp', [...sshOptions, large.localPath, `${host}:${inbox}/large`])))
    jobsdSmall!.push(await timed(() => Promise.all(small.map((request) => files.put(request, never)))))
    await requireSmall()
    sftpSmall!.push(await timed(() => exec('sftp', [...sshOptions, '-b', batch, host])))
    await requireSmall()
    const speed = (seconds: number[]) => `${(megabytes / seconds.at(-1)!).toFixed(0)} MB/s`
    const each = (seconds: number[]) => `${(count / seconds.at(-1)!).toFixed(0)} files/s`
    console.log(
      `round ${round + 1}: jobsd ${speed(jobsdLarge!)}, scp ${speed(scpLarge!)}; jobsd ${each(jobsdSmall!)}, sftp -b ${each(sftpSmall!)}`,
    )
  }
  tell(`${megabytes} MiB against scp`, jobsdLarge!, scpLarge!, '0.85x')
  tell(`${count} x 10 KiB against sftp -b`, jobsdSmall!, sftpSmall!, '3x')
  console.log(
    `slowest large file: ${(megabytes / Math.max(...jobsdLarge!)).toFixed(0)} MB/s; the floor is 50 MB/s`,
  )
} finally {
  await files.close()
  await daemon.close()
  await rm(base, { recursive: true, force: true })
}
