import { chmodSync, chownSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import {
  checkSocketFolder,
  dataFolderOf,
  lockDataFolder,
  makeSocketFolder,
} from '../../../engine/adapters/data-folder.ts'

t.test('the socket lies in the data folder while a socket may have so long a path', async (t) => {
  const folder = dataFolderOf('/var/lib/jobsd')
  t.equal(folder.socket, '/var/lib/jobsd/control.sock')
  t.doesNotThrow(() => checkSocketFolder(folder))
})

t.test('beside the temporary files it has a folder of the user alone, or none', async (t) => {
  const root = t.testdir({ tmp: {}, other: {} })
  const before = process.env.TMPDIR
  process.env.TMPDIR = join(root, 'tmp')
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  })
  const folder = dataFolderOf(join(root, 'data'.repeat(30)))
  const place = dirname(folder.socket)
  t.equal(dirname(place), join(root, 'tmp'))
  t.doesNotThrow(() => checkSocketFolder(folder), 'nobody made one: no engine runs')
  makeSocketFolder(folder)
  makeSocketFolder(folder)
  t.equal(statSync(place).mode & 0o777, 0o700)
  const refused = { code: 'BAD_REQUEST', message: new RegExp(`^${place}, .* shorter path`) }
  const replaceBy = (make: () => void) => {
    rmSync(place, { recursive: true, force: true })
    make()
    t.throws(() => checkSocketFolder(folder), refused)
    t.throws(() => makeSocketFolder(folder), refused)
  }
  replaceBy(() => symlinkSync(join(root, 'other'), place))
  replaceBy(() => writeFileSync(place, ''))
  replaceBy(() => {
    mkdirSync(place)
    chmodSync(place, 0o750)
  })
  t.test(
    "another user's is refused",
    { skip: process.getuid?.() !== 0 && 'only root can make one' },
    async () => {
      replaceBy(() => {
        mkdirSync(place, { mode: 0o700 })
        chownSync(place, 65534, 65534)
      })
    },
  )
})

t.test('a data folder has one engine at a time', async (t) => {
  const folder = join(t.testdir(), 'data')
  const lock = lockDataFolder(folder)
  t.equal(statSync(folder).mode & 0o777, 0o700)
  t.throws(() => lockDataFolder(folder), { code: 'ENGINE_RUNNING' })
  lock.release()
  lockDataFolder(folder).release()
})
