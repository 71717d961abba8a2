/** The outside of the trials: three servers and the watched folders on loopback, emptied before each trial. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { writeSampleData } from '../demo/sample-data.ts'
import { type ReceivedMail, startSmtpServer } from '../demo/smtp-server.ts'
import { bucket, type Places, secrets, writeConfig } from './config.ts'
import { startEngine } from './engine-child.ts'
import { watchFolders } from './folder-recorder.ts'
import { createRecord, type ServerRecord } from './record.ts'
import { startS3Recorder } from './s3-recorder.ts'
import { startSftpRecorder } from './sftp-recorder.ts'

const dayMs = 86_400_000
const watched = ['archive/daily', 'archive/borealis', 'archive/follow', 'inbox/done']

export interface World {
  folder: string
  /** The checkout whose engine is tried. */
  root: string
  config: string
  data: string
  secrets: string
  /** Real paths of `/` of the SFTP users and of the folder connections. */
  sftp: string
  folders: string
  /** The slots of acme/daily that are due at the first start of a trial. */
  slots: string[]
  record(): ServerRecord
  mails(): ReceivedMail[]
  /** Everything as before the first trial: empty servers, and a ledger whose slots are due. */
  reset(): Promise<void>
  close(): Promise<void>
}

/** Sets everything up below `folder`, with one start of the engine to make a ledger in which slots are overdue. */
export async function setWorld(folder: string, root: string): Promise<World> {
  const at = (name: string) => join(folder, name)
  let record = createRecord()
  let mails: ReceivedMail[] = []
  let watching: { forget(): void } | undefined
  const sftp = await startSftpRecorder(at('sftp'), secrets['sftp-password'], () => record)
  const s3 = await startS3Recorder(
    { id: secrets['s3-id'], secret: secrets['s3-secret'], buckets: [bucket] },
    () => record,
  )
  const smtp = await startSmtpServer({ onMessage: (mail) => mails.push(mail) })

  const now = Date.now()
  // Half a day away: no slot comes due by itself while trials run.
  const first = new Date(now - dayMs / 2)
  first.setUTCSeconds(0, 0)
  const slots = [first.toISOString()]
  const places: Places = {
    sftpPort: sftp.port,
    hostKey: sftp.hostKey,
    smtpPort: smtp.port,
    s3Endpoint: s3.endpoint,
    folders: at('folders'),
    warehouse: at('warehouse'),
    dailyAt: { hour: first.getUTCHours(), minute: first.getUTCMinutes() },
  }
  mkdirSync(at('secrets'), { recursive: true, mode: 0o700 })
  for (const [name, value] of Object.entries(secrets))
    writeFileSync(join(at('secrets'), name), value, { mode: 0o600 })
  const lastDay = new Date(now - dayMs).toISOString().slice(0, 10)
  await writeSampleData({ folder: at('warehouse'), seed: 7, lastDay, days: 3, scale: 0.02 })

  const world: World = {
    folder,
    root,
    config: at('config'),
    data: at('data'),
    secrets: at('secrets'),
    sftp: at('sftp'),
    folders: at('folders'),
    slots,
    record: () => record,
    mails: () => mails,
    async reset() {
      watching?.forget()
      for (const name of ['sftp', 'folders', 'data']) rmSync(at(name), { recursive: true, force: true })
      for (const user of ['acme-sftp', 'dropbox/in', 'dropbox/done'])
        mkdirSync(join(at('sftp'), user), { recursive: true })
      mkdirSync(join(at('folders'), 'inbox/in'), { recursive: true })
      await s3.empty()
      record = createRecord()
      mails = []
      watching = watchFolders(at('folders'), watched, record)
      cpSync(at('data-before'), at('data'), { recursive: true })
    },
    async close() {
      watching?.forget()
      await Promise.all([sftp.close(), s3.close(), smtp.close()])
    },
  }

  mkdirSync(at('data-before'), { recursive: true })
  for (const name of ['inbox', 'archive']) mkdirSync(join(at('folders'), name), { recursive: true })
  mkdirSync(at('sftp/dropbox/in'), { recursive: true })
  writeConfig(world.config, places, 'one')
  const engine = startEngine({ ...world, data: at('data-before') })
  await engine.ready
  await engine.stop()
  ageSchedules(join(at('data-before'), 'ledger.db'), new Date(first.getTime() - 60_000).toISOString())
  // Every trial begins with a revision that changes every job.
  writeConfig(world.config, places, 'two')
  return world
}

/** As if the jobs had been applied then and the engine had been down since. */
function ageSchedules(path: string, since: string): void {
  const ledger = new Database(path)
  ledger.prepare('update schedule set since = ?').run(since)
  ledger.prepare('update job set first_applied_at = ?').run(since)
  ledger.close()
}
