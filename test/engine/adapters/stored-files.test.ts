import { hash } from 'node:crypto'
import { chmod, link, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { createArtifactFolder } from '../../../engine/adapters/artifact-folder.ts'
import { createLocalFiles } from '../../../engine/adapters/local-files.ts'
import { createSecrets } from '../../../engine/adapters/secrets.ts'
import type { Artifacts } from '../../../engine/core/contracts/services.ts'

const never = new AbortController().signal
const sha256Of = (text: string) => hash('sha256', text)
const modeOf = async (path: string) => (await stat(path)).mode & 0o777

t.test('secrets', async (t) => {
  async function secretFolders(t: Test) {
    const base = t.testdir({ own: {}, systemd: {} })
    const [own, systemd] = [join(base, 'own'), join(base, 'systemd')]
    const env = {
      JOBSD_SECRETS_DIR: own,
      CREDENTIALS_DIRECTORY: systemd,
      JOBSD_SECRET_ACME_KEY: 'from-variable',
    }
    const write = async (folder: string, name: string, value: string, mode = 0o600) => {
      await writeFile(join(folder, name), value)
      await chmod(join(folder, name), mode)
    }
    return { base, own, systemd, secrets: createSecrets(env), write }
  }

  t.test('the secrets folder is asked first, then systemd, then the variable', async (t) => {
    const { own, systemd, secrets, write } = await secretFolders(t)
    t.equal((await secrets.resolve('acme-key')).reveal(), 'from-variable')
    await write(systemd, 'acme-key', 'from-systemd')
    t.equal((await secrets.resolve('acme-key')).reveal(), 'from-systemd')
    await write(own, 'acme-key', 'from-folder')
    t.equal((await secrets.resolve('acme-key')).reveal(), 'from-folder')
  })

  t.test('one trailing line end is cut off, and nothing else', async (t) => {
    const { own, secrets, write } = await secretFolders(t)
    for (const [value, expected] of [
      [' p w \n', ' p w '],
      ['pw\r\n', 'pw'],
      ['pw\n\n', 'pw\n'],
      ['a\nb\n', 'a\nb'],
    ] as const) {
      await write(own, 'acme-key', value)
      t.equal((await secrets.resolve('acme-key')).reveal(), expected)
    }
  })

  t.test('a file that others can use is refused, though a variable would do', async (t) => {
    const { own, systemd, secrets, write } = await secretFolders(t)
    for (const mode of [0o644, 0o640, 0o604, 0o620]) {
      await write(own, 'acme-key', 'canary', mode)
      const error = await secrets.resolve('acme-key').catch((error: unknown) => error)
      t.match(error, { code: 'SECRET_EXPOSED', details: { name: 'acme-key' } })
      t.notMatch(inspect(error), 'canary')
    }
    await write(systemd, 'other', 'by-acl', 0o440)
    t.equal((await secrets.resolve('other')).reveal(), 'by-acl', "systemd's ACL shows as group bits")
    await write(systemd, 'other', 'by-acl', 0o444)
    await t.rejects(secrets.resolve('other'), { code: 'SECRET_EXPOSED' })
  })

  t.test('a name can not be a path', async (t) => {
    const { base, secrets, write } = await secretFolders(t)
    await write(base, 'outside', 'canary')
    for (const name of ['../outside', join(base, 'outside'), '', '.', 'a/b', 'A', 'a--b', 'a\n'])
      await t.rejects(secrets.resolve(name), { code: 'SECRET_MISSING' }, name)
  })

  t.test('what is nowhere, or empty, is missing, and the hint says where to put it', async (t) => {
    const { own, secrets, write } = await secretFolders(t)
    const missing = { code: 'SECRET_MISSING', hint: /JOBSD_SECRET_SMTP_PASSWORD/ }
    await t.rejects(secrets.resolve('smtp-password'), missing)
    await write(own, 'smtp-password', '\n')
    await t.rejects(secrets.resolve('smtp-password'), missing)
    await t.rejects(createSecrets({}).resolve('smtp-password'), missing)
  })
})

t.test('artifacts', async (t) => {
  async function scratchWith(artifacts: Artifacts, text: string) {
    const path = await artifacts.scratch()
    await writeFile(path, text)
    return path
  }

  t.test('an adopted file is stored under its sha256, private, and its scratch is gone', async (t) => {
    const root = join(t.testdir(), 'artifacts')
    const artifacts = await createArtifactFolder(root)
    const scratch = await scratchWith(artifacts, 'report')
    const sha256 = sha256Of('report')
    t.same(await artifacts.adopt(scratch), { sha256, size: 6 })
    const path = await artifacts.open(sha256, 6)
    t.equal(path, join(root, sha256.slice(0, 2), sha256))
    t.equal(await readFile(path, 'utf8'), 'report')
    t.equal(await modeOf(path), 0o600)
    t.equal(await modeOf(join(root, 'scratch')), 0o700)
    t.same(await readdir(join(root, 'scratch')), [])
  })

  t.test('the same content is stored once, and a whole file is never replaced', async (t) => {
    const artifacts = await createArtifactFolder(t.testdir())
    await artifacts.adopt(await scratchWith(artifacts, 'report'))
    const path = await artifacts.open(sha256Of('report'), 6)
    const { ino } = await stat(path)
    const scratch = await scratchWith(artifacts, 'report')
    await artifacts.adopt(scratch)
    t.equal((await stat(path)).ino, ino)
    await t.rejects(stat(scratch), { code: 'ENOENT' })
  })

  t.test('a damaged file is replaced by the next whole one', async (t) => {
    const artifacts = await createArtifactFolder(t.testdir())
    for (const damage of ['rep', 'repart']) {
      await artifacts.adopt(await scratchWith(artifacts, 'report'))
      const path = await artifacts.open(sha256Of('report'), 6)
      await writeFile(path, damage)
      await artifacts.adopt(await scratchWith(artifacts, 'report'))
      t.equal(await readFile(path, 'utf8'), 'report')
    }
  })

  t.test('a file that is gone, of another size, or a link is ARTIFACT_DAMAGED', async (t) => {
    const artifacts = await createArtifactFolder(t.testdir())
    const damaged = { code: 'ARTIFACT_DAMAGED' }
    await t.rejects(artifacts.open(sha256Of('nothing'), 7), damaged)
    await t.rejects(artifacts.open('../../../etc/hostname', 7), damaged)
    await artifacts.adopt(await scratchWith(artifacts, 'report'))
    await t.rejects(artifacts.open(sha256Of('report'), 7), damaged)
    const path = await artifacts.open(sha256Of('report'), 6)
    await rename(path, `${path}.moved`)
    // A link is as long as the name it holds: six bytes, as the file was.
    await symlink('report', path)
    await t.rejects(artifacts.open(sha256Of('report'), 6), damaged)
  })

  t.test('scratch files of an earlier engine go at the start, artifacts stay', async (t) => {
    const root = t.testdir()
    const earlier = await createArtifactFolder(root)
    await earlier.adopt(await scratchWith(earlier, 'report'))
    const left = await scratchWith(earlier, 'half a rep')
    const artifacts = await createArtifactFolder(root)
    await t.rejects(stat(left), { code: 'ENOENT' })
    await t.resolves(artifacts.open(sha256Of('report'), 6))
  })

  t.test('only a scratch file can be adopted', async (t) => {
    const root = t.testdir({ 'other.txt': 'x' })
    const artifacts = await createArtifactFolder(join(root, 'artifacts'))
    await t.rejects(artifacts.adopt(join(root, 'other.txt')), /only a scratch file/)
    t.equal(await readFile(join(root, 'other.txt'), 'utf8'), 'x')
  })
})

t.test('local files', async (t) => {
  const document = { apiVersion: 'jobsd/v1', kind: 'Connection', name: 'drop', type: 'folder' } as const

  t.test('a root that is gone is unreachable and is not made', async (t) => {
    const path = join(t.testdir(), 'unmounted')
    const files = createLocalFiles({ ...document, path })
    const request = { path: '/a', localPath: '/dev/null', size: 0, sha256: sha256Of(''), key: 'k' }
    const gone = { code: 'ENDPOINT_UNREACHABLE', retry: true }
    await t.rejects(files.put({ ...request, overwrite: 'fail' }, never), gone)
    await t.rejects(files.list('/', never), gone)
    await t.rejects(stat(path), { code: 'ENOENT' })
  })

  t.test('a root that is a link is the folder it leads to', async (t) => {
    const base = t.testdir({ real: { 'a.csv': 'x' } })
    await symlink(join(base, 'real'), join(base, 'root'))
    const files = createLocalFiles({ ...document, path: join(base, 'root') })
    t.match(await files.list('/', never), [{ path: '/a.csv' }])
  })

  t.test('a move that was cut between its two names is finished by its repeat', async (t) => {
    const path = t.testdir({ 'a.csv': 'x', done: {} })
    await link(join(path, 'a.csv'), join(path, 'done/a.csv'))
    await createLocalFiles({ ...document, path }).move('/a.csv', '/done/a.csv', 'fail', never)
    t.same(await readdir(path), ['done'])
    t.equal(await readFile(join(path, 'done/a.csv'), 'utf8'), 'x')
  })

  t.test(
    'a put that was cut between its two names leaves only the file once that is looked for',
    async (t) => {
      const path = t.testdir({ out: { 'a.csv': 'x', '.b.csv.k.part': 'x', 'c.part': 'x' } })
      const inOut = (name: string) => join(path, 'out', name)
      await link(inOut('a.csv'), inOut('.a.csv.key-1.part'))
      await link(inOut('a.csv'), inOut('copy.csv'))
      const files = createLocalFiles({ ...document, path })
      t.equal(await files.hash('/out/a.csv', never), sha256Of('x'))
      t.same((await readdir(inOut(''))).sort(), ['.b.csv.k.part', 'a.csv', 'c.part', 'copy.csv'])
    },
  )

  t.test('a file in the place of a folder is refused, and a folder in the place of a file', async (t) => {
    const path = t.testdir({ 'a.csv': 'x', folder: {} })
    const files = createLocalFiles({ ...document, path })
    const refused = { code: 'TARGET_REFUSED' }
    await t.rejects(files.list('/a.csv', never), refused)
    await t.rejects(files.stat('/a.csv/b', never), refused)
    await t.rejects(files.fetch('/folder', join(path, 'copy'), never), refused)
    await t.rejects(files.move('/folder', '/elsewhere', 'fail', never), refused)
  })

  t.test('what the file system refuses is TARGET_REFUSED with its code', async (t) => {
    const path = t.testdir({ 'a.csv': 'x' })
    const files = createLocalFiles({ ...document, path })
    await t.rejects(files.stat(`/${'n'.repeat(300)}`, never), {
      code: 'TARGET_REFUSED',
      details: { connection: 'drop', reason: 'ENAMETOOLONG' },
    })
  })
})
