import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createFolderSource, createPlatformSource } from '../../../engine/adapters/folder-source.ts'

const signal = new AbortController().signal

t.test('a folder is read whole, as paths relative to its root', async (t) => {
  const root = t.testdir({
    'README.md': 'not part of it',
    'jobs.d': { acme: { 'eod.yaml': 'a: 1\n', 'note.txt': '' } },
    templates: { mail: { x: { 'html.hbs': '<p>' } } },
  })
  const { files } = await createFolderSource(root).read(signal)
  t.same([...files.keys()], ['jobs.d/acme/eod.yaml', 'jobs.d/acme/note.txt', 'templates/mail/x/html.hbs'])
  t.same(files.get('jobs.d/acme/eod.yaml'), {
    size: 5,
    kind: 'file',
    content: new Uint8Array(Buffer.from('a: 1\n')),
  })
  const own = await createFolderSource(root, ['templates']).read(signal)
  t.same([...own.files.keys()], ['templates/mail/x/html.hbs'])
})

t.test('links and special files are entries that are never read', async (t) => {
  const root = t.testdir({
    outside: { 'secret.yaml': 'top: secret\n', more: { 'x.yaml': 'x' } },
    'jobs.d': { acme: { 'real.yaml': 'a: 1\n' } },
  })
  symlinkSync('/etc/passwd', join(root, 'jobs.d/acme/passwd.yaml'))
  symlinkSync(join(root, 'outside/secret.yaml'), join(root, 'jobs.d/acme/secret.yaml'))
  symlinkSync(join(root, 'outside/more'), join(root, 'jobs.d/linked'))
  symlinkSync('nowhere', join(root, 'jobs.d/acme/dangling.yaml'))
  symlinkSync(join(root, 'outside'), join(root, 'templates'))
  const pipe = spawnSync('mkfifo', [join(root, 'jobs.d/acme/pipe.yaml')]).status === 0
  const { files } = await createFolderSource(root).read(signal)
  const others = [...files].filter(([, file]) => file.kind === 'other')
  const links = ['dangling', 'passwd', 'secret'].map((name) => `jobs.d/acme/${name}.yaml`)
  const expected = [...links, ...(pipe ? ['jobs.d/acme/pipe.yaml'] : []), 'jobs.d/linked', 'templates'].sort()
  t.same(
    others.map(([path]) => path),
    expected,
  )
  for (const [path, file] of others) t.equal(file.content.byteLength, 0, path)
  t.same(
    [...files.keys()].filter((path) => !expected.includes(path)),
    ['jobs.d/acme/real.yaml'],
  )
})

t.test('the folder itself may be a link, and is read anew when that is moved meanwhile', async (t) => {
  const root = t.testdir({
    old: { 'jobs.d': { 'a.yaml': 'old\n' }, platform: { 'settings.yaml': 's' } },
    new: { 'jobs.d': { 'b.yaml': 'new\n' } },
  })
  const current = join(root, 'current')
  symlinkSync('old', current)
  const source = createFolderSource(current)
  t.same([...(await source.read(signal)).files.keys()], ['jobs.d/a.yaml'])
  symlinkSync('old/platform', join(root, 'platform'))
  const platform = await createPlatformSource(join(root, 'platform')).read(signal)
  t.same([...platform.files.keys()], ['jobs.d/platform/settings.yaml'])

  const moving = {
    throwIfAborted() {
      if (!existsSync(join(root, 'old/jobs.d'))) return
      rmSync(current)
      symlinkSync('new', current)
      rmSync(join(root, 'old'), { recursive: true })
    },
  } as AbortSignal
  t.same([...(await source.read(moving)).files.keys()], ['jobs.d/b.yaml'])
  rmSync(join(root, 'new'), { recursive: true })
  await t.rejects(source.read(signal), { code: 'FILE_MISSING' })
})

t.test('content that nobody uses is not read, and all that is read has a limit', async (t) => {
  const root = t.testdir({
    'jobs.d': { 'film.mp4': 'x'.repeat(50), 'a.yaml': 'x'.repeat(40), 'b.csv': 'y'.repeat(40) },
  })
  const { files } = await createFolderSource(root, ['jobs.d'], 80).read(signal)
  t.same(files.get('jobs.d/film.mp4'), { size: 50, kind: 'file', content: new Uint8Array() })
  t.equal(files.get('jobs.d/b.csv')?.content.byteLength, 40)
  await t.rejects(createFolderSource(root, ['jobs.d'], 79).read(signal), {
    code: 'BAD_REQUEST',
    message: `${root}: manifests, templates and fixtures have more than 79 bytes together`,
  })
})

t.test('a large file is there with its size and without its content', async (t) => {
  const root = t.testdir({ 'jobs.d': { 'big.yaml': 'x'.repeat(200_000), 'edge.yaml': 'x'.repeat(65_537) } })
  const { files } = await createFolderSource(root).read(signal)
  t.same(files.get('jobs.d/big.yaml'), { size: 200_000, kind: 'file', content: new Uint8Array() })
  t.equal(files.get('jobs.d/edge.yaml')?.content.byteLength, 65_537)
})

t.test('dot files and what editors leave behind are not part of it', async (t) => {
  const root = t.testdir({
    'jobs.d': {
      '.git': { config: 'x' },
      '.#eod.yaml': 'x',
      'eod.yaml~': 'x',
      'eod.yaml.swp': 'x',
      '#eod.yaml#': 'x',
      '4913': 'x',
      'eod.yaml': 'x',
    },
  })
  const { files } = await createFolderSource(root).read(signal)
  t.same([...files.keys()], ['jobs.d/eod.yaml'])
})

t.test('the revision follows paths and content and nothing else', async (t) => {
  const root = t.testdir({ 'jobs.d': { 'a.yaml': 'x', 'b.yaml': 'y' } })
  const source = createFolderSource(root)
  const revision = async () => (await source.read(signal)).revision
  const before = await revision()
  t.match(before, /^sha256:[0-9a-f]{64}$/)
  utimesSync(join(root, 'jobs.d/a.yaml'), 1, 1)
  writeFileSync(join(root, 'jobs.d/.hidden'), 'z')
  t.equal(await revision(), before)
  writeFileSync(join(root, 'jobs.d/a.yaml'), 'z')
  const changed = await revision()
  t.not(changed, before)
  writeFileSync(join(root, 'jobs.d/a.yaml'), 'x')
  t.equal(await revision(), before)
  renameSync(join(root, 'jobs.d/b.yaml'), join(root, 'jobs.d/c.yaml'))
  t.not(await revision(), before)
})

t.test('a root that is missing or a file is an error, a missing part is not', async (t) => {
  const root = t.testdir({ file: 'x' })
  await t.rejects(createFolderSource(join(root, 'gone')).read(signal), { code: 'FILE_MISSING' })
  await t.rejects(createFolderSource(join(root, 'file')).read(signal), { code: 'FILE_MISSING' })
  const { files } = await createFolderSource(root).read(signal)
  t.equal(files.size, 0)
  const aborted = AbortSignal.abort()
  mkdirSync(join(root, 'jobs.d'))
  await t.rejects(createFolderSource(root).read(aborted), { name: 'AbortError' })
})

t.test('a platform folder has the paths that its files have in a repository', async (t) => {
  const folder = t.testdir({ 'settings.yaml': 's', connections: { 'mail.yaml': 'm' } })
  const { files } = await createPlatformSource(folder).read(signal)
  t.same([...files.keys()], ['jobs.d/platform/connections/mail.yaml', 'jobs.d/platform/settings.yaml'])
})

t.test('a change is hinted at once for a burst, until the watch is stopped', async (t) => {
  const root = t.testdir({ 'jobs.d': { acme: { 'a.yaml': 'x' } } })
  let hints = 0
  let wake = () => {}
  const hinted = new Promise<void>((resolve) => {
    wake = resolve
  })
  const stop = await createFolderSource(root).watch(() => {
    hints += 1
    wake()
  })
  for (let index = 0; index < 20; index++) writeFileSync(join(root, `jobs.d/acme/${index}.yaml`), 'x')
  await hinted
  t.ok(hints < 20, `${hints} hints for 20 files`)
  await stop()
  const after = hints
  rmSync(join(root, 'jobs.d/acme/a.yaml'))
  await new Promise((resolve) => setTimeout(resolve, 500))
  t.equal(hints, after)
})
