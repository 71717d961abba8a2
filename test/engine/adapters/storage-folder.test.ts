import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { dataFolderOf, lockDataFolder, restoringName } from '../../../engine/adapters/data-folder.ts'
import { filesystemType, nameSharedType } from '../../../engine/adapters/filesystem-type.ts'
import { migrations } from '../../../engine/adapters/ledger/migrations.ts'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'

t.test('a data folder on a network file system is refused, unless somebody insists', async (t) => {
  const folder = join(t.testdir(), 'data')
  t.throws(() => lockDataFolder(folder, { typeOf: () => 'NFS' }), {
    code: 'LEDGER_ON_NETWORK',
    message: `${folder} is on a file system of type NFS, on which a ledger can be ruined`,
  })
  lockDataFolder(folder, { typeOf: () => undefined }).release()
  lockDataFolder(folder, { typeOf: () => 'NFS', unsafeFs: true }).release()
  t.equal(filesystemType('/proc'), undefined, "the machine's own are told by nothing")
})

t.test('the numbers of shared file systems are known, however the kernel gives them', async (t) => {
  t.equal(nameSharedType(0x6969), 'NFS')
  t.equal(nameSharedType(0xff534d42), 'CIFS')
  t.equal(nameSharedType(0xff534d42 | 0), 'CIFS', 'negative')
  t.equal(nameSharedType(0xfe534d42), 'SMB2')
  t.equal(nameSharedType(0x65735546), 'FUSE')
  for (const local of [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010])
    t.equal(nameSharedType(local), undefined, 'ext4, XFS, btrfs, tmpfs, overlay, ZFS, F2FS')
})

t.test('no engine begins in a folder into which a restore did not end', async (t) => {
  const folder = join(t.testdir({ data: { [restoringName]: {} } }), 'data')
  t.throws(() => lockDataFolder(folder), {
    code: 'LEDGER_UNUSABLE',
    message: /a restore into it did not end/,
  })
})

t.test('a damaged ledger is told at the start, with what is wrong and how to go on', async (t) => {
  const path = join(t.testdir(), 'ledger.db')
  const ledger = openSqliteLedger(path)
  const notice = { title: 't', message: 'm'.repeat(3000), facts: [], list: [], next: '' }
  for (let index = 0; index < 50; index++)
    await ledger.raiseNotice(`n${index}`, notice, '2026-11-22T12:00:00.000Z')
  await ledger.close()
  const { open } = await import('node:fs/promises')
  const file = await open(path, 'r+')
  const { size } = await file.stat()
  // Among the notices, which were written last: what comes before them grows with each version.
  await file.write(Buffer.alloc(8192, 0xa5), 0, 8192, size - 10 * 4096)
  await file.close()
  t.throws(() => openSqliteLedger(path), {
    code: 'LEDGER_UNUSABLE',
    message: /it is damaged: .*(Tree|page|Page)/,
    hint: /jobsd restore/,
  })
  const reader = openSqliteLedger(path, { readOnly: true })
  t.same(await reader.jobs(), [], 'a reader reads what can be read')
  await reader.close()
})

for (const version of [1, 2]) {
  t.test(`a ledger of version ${version} is opened, brought on, and works`, async (t) => {
    const path = join(t.testdir(), 'ledger.db')
    const old = new Database(path)
    for (const statement of migrations.slice(0, version).flat()) old.exec(statement)
    old.pragma(`user_version = ${version}`)
    old.exec(
      `insert into due (job, type, key, slot, body, created_at) values
        ('acme/eod', 'scheduled', 'daily@2026-11-20T00:00:00.000Z', '2026-11-20T00:00:00.000Z', '{}', '2026-11-20T00:00:00.000Z'),
        ('acme/in', 'ftp-in', 'drop:/a.csv:1:2', '2026-11-20T00:00:00.000Z', '{}', '2026-11-20T00:00:00.000Z')`,
    )
    old.exec(
      `insert into run values ('r1', 'acme/eod', 'acme', '', 'queued', 'scheduled', 'daily@2026-11-20T00:00:00.000Z',
        '2026-11-20T00:00:00.000Z', 'daily', null, 'd', 'r', 'build', 0, 0, '2026-11-20T00:00:00.000Z', null, null)`,
    )
    old.close()
    const ledger = openSqliteLedger(path)
    t.match(await ledger.unfinishedRuns(), [{ id: 'r1', origin: null, dryRun: false }])
    t.match(await ledger.claimRun('r1', '2026-11-22T12:00:00.000Z'), { token: 1, position: 'build' })
    t.equal(await ledger.knowsFile('acme/in', 'drop:/a.csv:1:2'), true)
    await ledger.probe('2026-11-22T12:00:00.000Z')
    await ledger.close()
    const looked = new Database(path, { readonly: true })
    t.equal(looked.pragma('user_version', { simple: true }), migrations.length)
    t.same(
      looked.prepare('select type, gone_at from due order by type').all(),
      [
        { type: 'ftp-in', gone_at: null },
        { type: 'scheduled', gone_at: '2026-11-20T00:00:00.000Z' },
      ],
      'only the key of a file may have to stay',
    )
    looked.close()
  })
}

t.test('a ledger of a newer version is refused, by readers too, and left as it is', async (t) => {
  const data = dataFolderOf(join(t.testdir(), 'data'))
  mkdirSync(data.root)
  const newer = new Database(data.ledger)
  newer.pragma(`user_version = ${migrations.length + 1}`)
  newer.close()
  const refused = {
    code: 'LEDGER_NEWER',
    details: { found: migrations.length + 1, known: migrations.length },
  }
  t.throws(() => openSqliteLedger(data.ledger), refused)
  t.throws(() => openSqliteLedger(data.ledger, { readOnly: true }), refused)
  writeFileSync(join(data.root, 'other.db'), 'no database at all, but long enough to be one '.repeat(100))
  t.throws(() => openSqliteLedger(join(data.root, 'other.db')), { code: 'LEDGER_UNUSABLE' })
})
