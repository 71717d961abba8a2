/** What stands at a name that a file is to get on an SFTP server. */
import ssh2 from 'ssh2'
import t, { type Test } from 'tap'
import type { RequestName, ScriptedSftp, SftpScript } from '../../fakes/scripted-sftp.ts'
import { failureOf, never, requestOf, stageSftp } from '../../fakes/sftp-stage.ts'

const { STATUS_CODE } = ssh2.utils.sftp
const posixRename = 'posix-rename@openssh.com'
const hardlink = 'hardlink@openssh.com'
const fsync = 'fsync@openssh.com'

/** Servers on which a plain rename replaces what is there, though they have another one for that. */
const servers: [title: string, script: SftpScript][] = [
  ['that links', { announces: [hardlink, posixRename] }],
  ['that says it links and does not', { announces: [hardlink, posixRename], on: refuseLinks }],
  ['that does not link', { announces: [posixRename, fsync] }],
]

function refuseLinks(name: string) {
  return name === hardlink ? { status: STATUS_CODE.OP_UNSUPPORTED } : ('ok' as const)
}

/** A server on which `/a.bin` appears as somebody else's at a put's request. */
async function stageLate(t: Test, script: SftpScript, moment: RequestName) {
  let started: ScriptedSftp | undefined
  const stage = await stageSftp(t, {
    script: {
      renameReplaces: true,
      ...script,
      on(name, ordinal) {
        if (name === moment) started?.files.set('/a.bin', Buffer.from('theirs'))
        return script.on?.(name, ordinal) ?? 'ok'
      },
    },
  })
  started = stage.server
  return stage
}

for (const [title, script] of servers) {
  t.test(`a server ${title}, whose plain rename replaces`, async (t) => {
    t.test('keeps what appeared during a put that may not replace it', async (t) => {
      for (const overwrite of ['fail', 'skip-if-same'] as const)
        for (const moment of ['FSTAT', 'CLOSE'] as const)
          for (const size of [1_000, 100_000]) {
            const { server, files } = await stageLate(t, script, moment)
            const { request } = await requestOf(t, size, { overwrite })
            t.match(await failureOf(files.put(request, never)), { code: 'FILE_EXISTS' })
            t.same([...server.files].map(String), ['/a.bin,theirs'], `${overwrite} ${moment} ${size}`)
          }
    })

    t.test('gives a put the next free name when one was taken during it', async (t) => {
      const { server, files } = await stageSftp(t, { script: { renameReplaces: true, ...script } })
      const naming = async () => {
        server.files.set('/a.bin', Buffer.from('theirs'))
      }
      const { request, bytes } = await requestOf(t, 1_000, { overwrite: 'rename', naming })
      t.match(await files.put(request, never), /written to \/a-2\.bin$/)
      t.equal(server.files.get('/a.bin')?.toString(), 'theirs')
      t.ok(server.files.get('/a-2.bin')?.equals(bytes))
      t.equal(server.files.size, 2)
    })

    t.test('gives two puts at once two names', async (t) => {
      const { server, files } = await stageSftp(t, { script: { renameReplaces: true, ...script } })
      const puts = await Promise.all(
        ['one', 'two'].map((key) => requestOf(t, 1_000, { key, overwrite: 'rename' })),
      )
      const told = await Promise.all(puts.map(({ request }) => files.put(request, never)))
      t.same(told.map((note) => note.split(' ').at(-1)).sort(), ['/a-2.bin', '/a.bin'])
      t.same([...server.files.keys()].sort(), ['/a-2.bin', '/a.bin'], 'nothing is left')
      for (const { bytes } of puts) t.ok([...server.files.values()].some((there) => there.equals(bytes)))
    })

    t.test(
      'keeps one file of two puts at once that may not replace, and the other one is told',
      async (t) => {
        const { server, files } = await stageSftp(t, { script: { renameReplaces: true, ...script } })
        const puts = await Promise.all(['one', 'two'].map((key) => requestOf(t, 1_000, { key })))
        const ends = await Promise.all(puts.map(({ request }) => failureOf(files.put(request, never))))
        const won = ends.findIndex((end) => typeof end === 'string')
        t.match(ends[1 - won], { code: 'FILE_EXISTS' })
        t.same([...server.files.keys()], ['/a.bin'])
        t.ok(server.files.get('/a.bin')?.equals(puts[won]!.bytes))
      },
    )

    t.test('keeps what is at the target of a move that may not replace it', async (t) => {
      const { server, files } = await stageSftp(t, { script: { renameReplaces: true, ...script } })
      for (const path of ['/a.bin', '/b.bin']) server.files.set(path, Buffer.from(path))
      t.match(await failureOf(files.move('/a.bin', '/b.bin', 'fail', never)), { code: 'FILE_EXISTS' })
      t.same([...server.files].map(String), ['/a.bin,/a.bin', '/b.bin,/b.bin'])
      await files.move('/a.bin', '/c.bin', 'fail', never)
      t.same([...server.files].map(String), ['/b.bin,/b.bin', '/c.bin,/a.bin'])
    })

    t.test('replaces by one request when it may', async (t) => {
      const { server, files } = await stageSftp(t, { script: { renameReplaces: true, ...script } })
      server.files.set('/a.bin', Buffer.from('old'))
      const { request, bytes } = await requestOf(t, 1_000, { overwrite: 'replace' })
      const looks = () => server.count('LSTAT') + server.count('STAT')
      await files.put({ ...request, path: '/b.bin' }, never)
      const before = looks()
      await files.put(request, never)
      t.equal(looks() - before, 1, 'it looks once, before it writes')
      t.ok(server.files.get('/a.bin')?.equals(bytes))
      t.same([server.count(posixRename), server.count(hardlink), server.count('RENAME')], [2, 0, 0])
    })
  })
}

t.test('a name is given by a link only where that is the surer way', async (t) => {
  const counts = async (announces: string[]) => {
    const { server, files } = await stageSftp(t, { script: { announces } })
    const { request, bytes } = await requestOf(t, 1_000)
    await files.put(request, never)
    t.ok(server.files.get('/a.bin')?.equals(bytes))
    t.equal(server.files.size, 1)
    return [server.count(hardlink), server.count('REMOVE'), server.count('RENAME')]
  }
  t.same(await counts([hardlink, posixRename]), [1, 1, 0])
  t.same(await counts([hardlink, posixRename, fsync]), [0, 0, 1])
})

t.test('a small put that may not replace asks for seven things, each of them needed', async (t) => {
  const { server, files } = await stageSftp(t, { script: { announces: [fsync] } })
  const asked = () =>
    (['OPEN', 'WRITE', fsync, 'FSTAT', 'CLOSE', 'LSTAT', 'RENAME', 'STAT', 'REMOVE'] as const).map((name) =>
      server.count(name),
    )
  const { request } = await requestOf(t, 10_000)
  await files.put(request, never)
  t.same(asked(), [1, 1, 1, 1, 1, 1, 1, 0, 0])
  const large = await requestOf(t, 100_000, { path: '/large.bin' })
  await files.put(large.request, never)
  t.equal(server.count('LSTAT'), 3, 'a larger one is not written before its target was looked at')
})

t.test('what stands at the target of a small put is the reason, however it ends', async (t) => {
  const refuseTemporary = { on: (name: string) => (name === 'OPEN' ? { status: STATUS_CODE.FAILURE } : 'ok') }
  const isFull = { capacity: 10 }
  const loses = { keep: (length: number) => length - 1 }
  for (const script of [{}, { renameReplaces: true }, refuseTemporary, isFull, loses] as SftpScript[]) {
    const { server, files } = await stageSftp(t, { script })
    const { request } = await requestOf(t, 1_000)
    server.files.set('/a.bin', Buffer.from('theirs'))
    t.match(await failureOf(files.put(request, never)), { code: 'FILE_EXISTS', details: { path: '/a.bin' } })
    server.folders.add('/folder')
    t.match(await failureOf(files.put({ ...request, path: '/folder' }, never)), {
      code: 'TARGET_REFUSED',
      details: { reason: 'it is not a plain file' },
    })
    t.same([...server.files.keys()], ['/a.bin'], 'nothing is left')
    t.equal(server.files.get('/a.bin')?.toString(), 'theirs')
  }
})

t.test('a small put whose temporary name stays is not told that its own file is in the way', async (t) => {
  const on = (name: RequestName) =>
    name === 'REMOVE' ? { status: STATUS_CODE.PERMISSION_DENIED, text: 'not here' } : ('ok' as const)
  const { server, files } = await stageSftp(t, { script: { announces: [hardlink], on } })
  const { request, bytes } = await requestOf(t, 1_000)
  t.match(await failureOf(files.put(request, never)), {
    code: 'TARGET_REFUSED',
    details: { reason: 'not here' },
  })
  t.ok(server.files.get('/a.bin')?.equals(bytes))
})
