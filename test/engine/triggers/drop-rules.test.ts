import { createHash } from 'node:crypto'
import t from 'tap'
import { readChecksum } from '../../../engine/core/checksum-text.ts'
import { whyUnwanted } from '../../../engine/core/drop-names.ts'
import { stageDrop } from '../../fakes/drop-stage.ts'

const digest = (algorithm: string, text: string) => createHash(algorithm).update(text).digest('hex')

t.test('a file with a companion is taken once that lies beside it, written no earlier', async (t) => {
  const drop = stageDrop(t, { companion: {} })
  drop.remote.drop('/drop/a.csv.done', '', 1000)
  drop.remote.drop('/drop/a.csv', 'new bytes over old ones', 2000)
  await drop.begin()
  await drop.live(60)
  t.same(drop.names(), [], 'the companion is that of an earlier file')
  drop.remote.drop('/drop/a.csv.done', '', 2000)
  await drop.live(10)
  t.same(drop.names(), ['a.csv'])
  await drop.live(60)
  t.equal(drop.host.dues.length, 1, 'a companion is never a file of its own')
})

t.test(
  'a checksum must fit the bytes; one that does not holds the file back until one of the two changes',
  async (t) => {
    for (const algorithm of ['sha256', 'md5']) {
      const drop = stageDrop(t, { companion: { suffix: `.${algorithm}` } })
      drop.remote.drop('/drop/a.csv', 'half', 1000)
      drop.remote.drop(`/drop/a.csv.${algorithm}`, `${digest(algorithm, 'whole')}  a.csv\n`, 1000)
      await drop.begin()
      await drop.live(60)
      t.same(drop.names(), [])
      const fetched = drop.remote.calls.filter((call) => call === 'fetch /drop/a.csv').length
      t.equal(fetched, 1, 'and it is not fetched again and again')
      t.same(drop.host.log.lines, ['warn: a companion does not fit its file'])
      drop.remote.drop('/drop/a.csv', 'whole', 1000)
      await drop.live(10)
      t.same(drop.names(), ['a.csv'])
    }
  },
)

t.test('checksums are read as the common tools write them', (t) => {
  const sha = digest('sha256', 'x')
  for (const text of [
    sha,
    `${sha}\n`,
    `${sha.toUpperCase()}  a.csv`,
    `${sha} *a.csv\r\n`,
    `SHA256 (a b.csv) = ${sha}\n`,
  ])
    t.equal(readChecksum(text, 'sha256'), sha)
  for (const text of ['', 'done', sha.slice(1), `${sha}0`, `a.csv ${sha}`, digest('md5', 'x')])
    t.equal(readChecksum(text, 'sha256'), undefined)
  t.end()
})

t.test('companions are claimed and archived with their files', async (t) => {
  const drop = stageDrop(t, { companion: {}, archive: '/archive', error: '/error' })
  drop.remote.drop('/drop/a.csv', 'one', 1000)
  drop.remote.drop('/drop/a.csv.done', '', 1000)
  await drop.begin()
  t.notOk(drop.paths().some((path) => /^\/drop\/a/.test(path)))
  await drop.endRuns()
  await drop.live(10)
  t.same(drop.paths(), ['/archive/a.csv', '/archive/a.csv.done'])
})

t.test('polls and age say how long a stable file must rest', async (t) => {
  const drop = stageDrop(t, { polls: 5, minAge: '2s', every: '1s' })
  drop.remote.drop('/drop/a.csv', 'one', 1000)
  await drop.begin()
  await drop.live(3)
  t.same(drop.names(), [])
  await drop.live(1)
  t.same(drop.names(), ['a.csv'])
})

t.test(
  'what does not become complete is told once, recorded, and taken all the same when it is',
  async (t) => {
    const drop = stageDrop(t, { companion: {}, maxWait: '1m' })
    drop.remote.drop('/drop/a.csv', 'one', 1000)
    await drop.begin()
    await drop.live(59)
    t.same(drop.host.told, [])
    await drop.live(120)
    t.equal(drop.host.told.length, 1)
    t.match(
      drop.host.told[0]?.notice.message,
      /a\.csv \(3 bytes\) was not complete after 1m: no a\.csv\.done/,
    )
    t.match(await drop.seen('/drop/a.csv'), [['incomplete', /not complete after 1m/]])
    drop.remote.drop('/drop/a.csv.done', '', 1000)
    await drop.live(10)
    t.same(drop.names(), ['a.csv'])
    t.match(await drop.seen('/drop/a.csv'), [['taken']])
  },
)

t.test('an upload that was given up under its temporary name is told, too', async (t) => {
  const drop = stageDrop(t, { complete: 'renamed', maxWait: '1m' })
  drop.remote.drop('/drop/a.csv.filepart', 'half', 1000)
  drop.remote.drop('/drop/.hidden', 'x', 1000)
  await drop.begin()
  await drop.live(120)
  t.same(drop.names(), [])
  t.same(
    drop.host.told.map(({ notice }) => notice.message.split(' ')[0]),
    ['/drop/a.csv.filepart'],
  )
})

t.test('the same content again is a run, skipped, or refused, under any name', async (t) => {
  const post = async (onSameContent: 'process' | 'skip' | 'error') => {
    const drop = stageDrop(t, { complete: 'renamed', onSameContent, archive: '/archive', error: '/error' })
    drop.remote.drop('/drop/a.csv', 'same', 1000)
    await drop.begin()
    drop.remote.drop('/drop/b.csv', 'same', 2000)
    drop.remote.drop('/drop/c.csv', 'other', 2000)
    await drop.live(10)
    await drop.endRuns()
    await drop.live(10)
    return drop
  }
  t.same((await post('process')).names(), ['a.csv', 'b.csv', 'c.csv'])
  const skip = await post('skip')
  t.same(skip.names(), ['a.csv', 'c.csv'])
  t.match(await skip.seen('/drop/b.csv'), [
    ['skipped', /^it has the same content as \/drop\/a\.csv, taken at 2026/, 'moved to /archive/b.csv'],
  ])
  t.same(skip.host.told, [])
  const refuse = await post('error')
  t.same(refuse.names(), ['a.csv', 'c.csv'])
  t.ok(refuse.paths().includes('/error/b.csv.reason.json'))
  t.match(refuse.text('/error/b.csv.reason.json'), /same content as \/drop\/a\.csv/)
  t.equal(refuse.host.told.length, 1)
})

t.test('two equal files at the same time are one run where the same content is skipped', async (t) => {
  const drop = stageDrop(t, { complete: 'renamed', onSameContent: 'skip' })
  for (const name of ['a', 'b', 'c', 'd']) drop.remote.drop(`/drop/${name}.csv`, 'same', 1000)
  const { due } = drop.host
  drop.host.due = async (wanted) => {
    for (let round = 0; round < 50; round++) await new Promise((resolve) => setImmediate(resolve))
    return await due(wanted)
  }
  await drop.begin()
  await drop.live(30)
  t.equal(drop.host.dues.length, 1)
})

t.test('a batch is one run for all that is complete, at most so many, and no file twice', async (t) => {
  const drop = stageDrop(t, { complete: 'renamed', batch: 'batch', maxFiles: 3 })
  for (const name of ['a', 'b', 'c', 'd']) drop.remote.drop(`/drop/${name}.csv`, name, 1000)
  await drop.begin()
  t.same(drop.host.dues.map(({ files }) => files?.length).sort(), [1, 3])
  t.match(drop.host.dues[0]?.key, /^batch:acme-sftp:\/drop:[0-9a-f]{64}$/)
  drop.remote.drop('/drop/e.csv', 'e', 1000)
  await drop.live(30)
  t.same(drop.names(), ['a.csv', 'b.csv', 'c.csv', 'd.csv', 'e.csv'])
  t.equal(drop.host.dues.length, 3)

  const again = stageDrop(t, { complete: 'renamed', batch: 'batch' }, drop)
  drop.stop.abort()
  await again.begin()
  await again.live(30)
  t.equal(again.host.dues.length, 3, 'the next engine knows them all')
})

t.test('one bad file of a batch leaves the others to their run', async (t) => {
  const drop = stageDrop(t, { complete: 'renamed', batch: 'batch' })
  for (const name of ['a', 'bad', 'c']) drop.remote.drop(`/drop/${name}.csv`, name, 1000)
  drop.remote.before = (call) => {
    if (call === 'fetch /drop/bad.csv') drop.remote.files.delete('/drop/bad.csv')
  }
  await drop.begin()
  t.same(drop.names(), ['a.csv', 'c.csv'])
})

t.test('files that went may be forgotten, those that lie there never', async (t) => {
  const drop = stageDrop(t, { complete: 'renamed' })
  for (const name of ['stays', 'goes']) drop.remote.drop(`/drop/${name}.csv`, name, 1000)
  await drop.begin()
  drop.remote.files.delete('/drop/goes.csv')
  await drop.live(10)
  await drop.endRuns()
  const late = '2027-11-22T00:00:00.000Z'
  await drop.host.ledger.prune({ runsBefore: late, eventsBefore: late, duesBefore: late, rows: 1000 })
  const known = (name: string, size: number) =>
    drop.host.ledger.knowsFile('acme/upload', `acme-sftp:/drop/${name}.csv:${size}:1000`)
  t.equal(await known('stays', 5), true)
  t.equal(await known('goes', 4), false)
})

t.test('names that uploaders use while they write are left', (t) => {
  for (const name of [
    '.a.csv.AbCdEf',
    '.sftpgo-upload.1.a.csv',
    'a.csv.filepart',
    'a.csv.part',
    'a.csv~',
    'a.temp',
  ])
    t.match(whyUnwanted(name, {}), /still being written/, name)
  t.match(whyUnwanted('a.csv.done', { companion: {} }), /only vouches for a\.csv$/)
  t.equal(whyUnwanted('a.csv.done', { complete: 'renamed' }), undefined)
  t.end()
})
