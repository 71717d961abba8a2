/** A real engine process under whose files the disk fails for a while. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import '../fakes/clean-children.ts'
import type { Test } from 'tap'
import { dataFolderOf } from '../../engine/adapters/data-folder.ts'
import { connectControl } from '../../engine/cli/control-client.ts'
import type { RunDetail } from '../../engine/core/model.ts'
import { Secret } from '../../engine/core/secret.ts'
import { sign } from '../../engine/server/signature.ts'
import { type EngineProcess, startEngineProcess } from '../../scripts/demo/engine-process.ts'
import { cannotTrace } from './trace.ts'

const key = `whsec_${Buffer.from('a key of thirty-two bytes, made up').toString('base64')}`
const small = join(import.meta.dirname, '../manifests/ok/small')

/** false, or why no fault can be put into a running process. */
export const cannotInject: string | false = cannotTrace || cannotAttach()

function cannotAttach(): string | false {
  const sleeper = spawn('sleep', ['20'], { stdio: 'ignore' })
  try {
    const { status, signal } = spawnSync('timeout', [
      '-s',
      'INT',
      '0.5',
      'strace',
      '-qq',
      '-p',
      String(sleeper.pid),
    ])
    return status === 124 || signal === 'SIGINT' ? false : 'strace may not attach'
  } finally {
    sleeper.kill('SIGKILL')
  }
}

export interface FaultyEngine {
  data: string
  process: EngineProcess
  /** Posts an event of this id and returns the status that it was answered with. */
  post(id: string): Promise<{ status: number; runs: string[] }>
  ready(): Promise<{ status: number; reason: string | undefined }>
  /** A posted file, whole. */
  drop(name: string, content: string): void
  runs(): Promise<RunDetail[]>
  /** Lets the named system calls fail, on the main thread or on all, for those files where named; ends it by calling. */
  inject(
    calls: string,
    error: string,
    options?: { all?: boolean; path?: string },
  ): Promise<() => Promise<void>>
}

/** Two jobs that need nobody else: one for an event, one for posted files. Stopped with the test; `data` may be a mount. */
export async function startFaultyEngine(t: Test, data?: string): Promise<FaultyEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'jobsd-faults-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['config', 'drop/in', 'secrets']) mkdirSync(join(folder, name), { recursive: true })
  const config = join(folder, 'config')
  cpSync(small, config, { recursive: true })
  const write = (path: string, text: string) => writeFileSync(join(config, 'jobs.d', path), text)
  const job = (name: string, trigger: string) => `apiVersion: jobsd/v1
kind: Job
name: ${name}
title: ${name}
client: acme
scope: client
trigger: ${trigger}
steps:
  - { name: which, type: condition, when: { value: run.client, equals: acme }, onSuccess: end, onFailure: end }
`
  rmSync(join(config, 'jobs.d/acme/eod.yaml'))
  write('acme/ask.yaml', job('ask', '{ type: campaign }'))
  write(
    'acme/in.yaml',
    job('in', '{ type: ftp-in, folders: [{ connection: drop, path: /in, every: 1s, complete: renamed }] }'),
  )
  write(
    'platform/connections/drop.yaml',
    `apiVersion: jobsd/v1\nkind: Connection\nname: drop\ntype: folder\npath: ${folder}/drop\n`,
  )
  write(
    'platform/clients/acme.yaml',
    'apiVersion: jobsd/v1\nkind: ClientPolicy\nname: acme\nconnections: [drop, mail]\nrecipientDomains: [acme.example]\neventKeys: [{ name: dialer, key: { secret: event-key } }]\n',
  )
  writeFileSync(join(folder, 'secrets/event-key'), key, { mode: 0o600 })
  const place = data ?? join(folder, 'data')
  const process = await startEngineProcess({
    dir: config,
    platform: join(config, 'jobs.d/platform'),
    data: place,
    secrets: join(folder, 'secrets'),
  })
  const tracers = new Set<ChildProcess>()
  t.teardown(async () => {
    for (const tracer of tracers) tracer.kill('SIGKILL')
    await process.kill()
  })

  return {
    data: place,
    process,
    async post(id) {
      const event = {
        specversion: '1.0',
        id,
        source: '/dialer',
        type: 'campaign.ended',
        data: { campaign: { id } },
      }
      const body = Buffer.from(JSON.stringify(event))
      const timestamp = String(Math.floor(Date.now() / 1000))
      const response = await fetch(`${process.address}/v1/events`, {
        method: 'POST',
        headers: {
          'content-type': 'application/cloudevents+json',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': sign(new Secret(key), { id, timestamp, body }),
        },
        body,
      })
      const answer = (await response.json()) as { runs?: string[] }
      return { status: response.status, runs: answer.runs ?? [] }
    },
    async ready() {
      const response = await fetch(`${process.address}/readyz`)
      return { status: response.status, reason: ((await response.json()) as { reason?: string }).reason }
    },
    drop(name, content) {
      const path = join(folder, 'drop/in', name)
      writeFileSync(join(folder, 'drop', name), content)
      renameSync(join(folder, 'drop', name), path)
    },
    async runs() {
      return (await (await connectControl(dataFolderOf(place).socket))?.runs({ limit: 500 })) ?? []
    },
    async inject(calls, error, { all = false, path } = {}) {
      const output = join(folder, `trace-${randomUUID()}`)
      const tracer = spawn(
        'strace',
        [
          ...['-qq', '-y', '-p', String(process.pid), '-o', output, ...(all ? ['-f'] : [])],
          ...['-e', `trace=${calls}`, '-e', `inject=${calls}:error=${error}`, ...(path ? ['-P', path] : [])],
        ],
        { stdio: 'ignore' },
      )
      tracers.add(tracer)
      await attached(process.pid)
      return async () => {
        const ended = new Promise((resolve) => tracer.once('exit', resolve))
        tracer.kill('SIGINT')
        await ended
        tracers.delete(tracer)
      }
    },
  }
}

/** Resolves once the kernel says that somebody traces the process. */
async function attached(pid: number): Promise<void> {
  const { readFileSync } = await import('node:fs')
  await until(() => !/TracerPid:\t0\n/.test(readFileSync(`/proc/${pid}/status`, 'utf8')))
}

/** Resolves once it holds; rejects after 30 s. */
export async function until(holds: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  for (const deadline = Date.now() + 30_000; !(await holds()); ) {
    if (Date.now() > deadline) throw new Error(`${what} did not come about within 30 s`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** false, or why no small file system can be mounted. */
export const cannotMount: string | false = cannotMountAny()

function cannotMountAny(): string | false {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return 'only root can mount a disk'
  const folder = mkdtempSync(join(tmpdir(), 'jobsd-disk-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1M', 'tmpfs', folder])
  spawnSync('umount', [folder])
  rmSync(folder, { recursive: true, force: true })
  return status === 0 ? false : 'no tmpfs can be mounted'
}

/** Mounts a small file system of its own, gone with the test. */
export function mountSmall(t: Test, bytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'jobsd-disk-'))
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', folder])
  t.teardown(() => {
    spawnSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}
