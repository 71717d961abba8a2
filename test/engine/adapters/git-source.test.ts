import '../../fakes/clean-children.ts'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { platformParts } from '../../../engine/adapters/git-source.ts'
import { readGitTree } from '../../../engine/adapters/git-tree.ts'
import { createRepository, type GitRepository, noise } from '../../fakes/git-remote.ts'
import { errorOf, pathsOf, sourceOf, startSource, textOf, watchGit } from '../../fakes/git-source.ts'

const { signal } = new AbortController()

t.test('a branch is read as its commit, below a sub-folder too', async (t) => {
  const { mirror, repository, source, commit } = startSource(t)
  const tree = await source.read(signal)
  t.equal(tree.revision, commit)
  t.same(pathsOf(tree), ['jobs.d/acme/eod.yaml'])
  t.equal(textOf(tree, 'jobs.d/acme/eod.yaml'), 'a: 1\n')
  t.equal(source.description, `${repository.url}#main`)
  t.same([source.rescanMs, source.settleMs, 'vouch' in source], [30_000, 0, false])
  t.equal(statSync(mirror).mode & 0o777, 0o700)

  repository.commit(
    {
      'sites/a b/jobs.d/x.yaml': 'x: 1\n',
      'sites/a b/templates/mail/x.hbs': '<p>',
      'sites/a b/jobs.d/.gitkeep': '',
      'sites/a b/README.md': '',
      'sites/a bc/jobs.d/z.yaml': 'z',
      'jobs.d/y.yaml': 'y',
    },
    { branch: 'release/2' },
  )
  const options = { branch: 'release/2', path: 'sites/a b/', pollMs: 5_000, vouch: async () => null as never }
  const below = sourceOf(mirror, repository.url, options)
  t.same(pathsOf(await below.read(signal)), ['jobs.d/x.yaml', 'templates/mail/x.hbs'])
  t.equal(below.description, `${repository.url}#release/2:sites/a b`)
  t.same([below.rescanMs, below.vouch], [5_000, options.vouch])
  const stop = await below.watch(() => t.fail('nothing hints'))
  await stop()
})

t.test('a platform repository is read as jobs.d/platform and needs a settings.yaml', async (t) => {
  const { mirror, repository } = startSource(t)
  const files = { 'settings.yaml': 's', 'connections/a.yaml': 'c', '.github/x.yaml': 'g' }
  repository.commit(files)
  const platform = await sourceOf(mirror, repository.url, { parts: platformParts }).read(signal)
  t.same(pathsOf(platform), ['jobs.d/platform/connections/a.yaml', 'jobs.d/platform/settings.yaml'])
  repository.commit({ 'ops/settings.yaml': 's', 'opsx/other.yaml': 'o' })
  const below = sourceOf(mirror, repository.url, { parts: platformParts, path: 'ops' })
  t.same(pathsOf(await below.read(signal)), ['jobs.d/platform/settings.yaml'])
  const root = sourceOf(mirror, repository.url, { parts: platformParts })
  await t.rejects(root.read(signal), { code: 'PATH_MISSING', details: { path: '/' } })
})

t.test('an unchanged commit is the same tree, read without a look at its files', async (t) => {
  const { repository, source } = startSource(t)
  const git = watchGit(t)
  const first = await source.read(signal)
  t.equal(await source.read(signal), first)
  repository.commit({ 'jobs.d/acme/eod.yaml': 'a: 1\n' }, { branch: 'other' })
  t.equal(await source.read(signal), first, 'another branch moves nothing')
  t.same(
    ['init', 'fetch', 'ls-tree', 'cat-file'].map((command) => git.calls(command).length),
    [1, 3, 1, 1],
  )
})

t.test('of a new commit only contents that are new are read', async (t) => {
  const { repository, mirror, source } = startSource(t)
  repository.commit({ 'jobs.d/a.yaml': 'same\n', 'jobs.d/b.yaml': 'old\n' })
  const first = await source.read(signal)
  const git = watchGit(t)
  repository.commit({ 'jobs.d/moved.yaml': 'same\n', 'jobs.d/b.yaml': 'new\n' })
  const second = await source.read(signal)
  t.equal(second.files.get('jobs.d/moved.yaml')!.content, first.files.get('jobs.d/a.yaml')!.content)
  t.equal(textOf(second, 'jobs.d/b.yaml'), 'new\n')
  t.same(git.asked(), [repository.git(['hash-object', '--stdin'], 'new\n')])
  for (const { content } of second.files.values()) {
    t.equal(content.buffer.byteLength, content.byteLength, 'a file holds no more memory than its own')
  }
  t.equal((await readGitTree(mirror, second.revision, signal)).files.size, 2, 'plan reads the same store')
})

t.test('10,000 jobs: the commit that changes one is read at once', async (t) => {
  const { repository, source } = startSource(t)
  const files = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`jobs.d/c${index % 200}/j${index}.yaml`, `a: ${index}\n`]),
  )
  repository.commit(files)
  t.equal((await source.read(signal)).files.size, 10_000)
  repository.commit({ ...files, 'jobs.d/c7/j7.yaml': 'changed\n' })
  const startMs = performance.now()
  const tree = await source.read(signal)
  t.equal(textOf(tree, 'jobs.d/c7/j7.yaml'), 'changed\n')
  const tookMs = performance.now() - startMs
  t.comment(`${Math.round(tookMs)} ms with the fetch`)
  t.ok(tookMs < 5_000, 'nothing is done per file but listing it')
})

t.test('links and submodules are entries that are never read', async (t) => {
  const { repository, source, commit } = startSource(t)
  repository.commit({
    'jobs.d/a.yaml': 'a',
    'jobs.d/passwd.yaml': { mode: '120000', data: '/etc/passwd' },
    'jobs.d/module': { mode: '160000', data: commit },
    templates: { mode: '120000', data: '/etc' },
    '.gitmodules': '[submodule "m"]\n\tpath = jobs.d/module\n\turl = https://example.invalid/x\n',
  })
  const { files } = await source.read(signal)
  t.same([...files].map(([path, { kind, content }]) => `${path} ${kind} ${content.byteLength}`).sort(), [
    'jobs.d/a.yaml file 1',
    'jobs.d/module other 0',
    'jobs.d/passwd.yaml other 0',
    'templates other 0',
  ])
})

t.test('attributes, filters and hooks in a commit have no effect', async (t) => {
  const { repository, source } = startSource(t)
  const marker = join(t.testdirName, 'marker')
  repository.commit({
    '.gitattributes': '*.yaml export-ignore filter=evil text eol=crlf ident\n',
    '.gitconfig': `[filter "evil"]\n\tsmudge = touch ${marker}\n`,
    '.lfsconfig': '[lfs]\n\turl = https://example.invalid\n',
    'hooks/post-checkout': `#!/bin/sh\ntouch ${marker}\n`,
    'jobs.d/a.yaml': '$Id$\nb\n',
    'jobs.d/lfs.yaml': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n',
  })
  const tree = await source.read(signal)
  t.same(pathsOf(tree), ['jobs.d/a.yaml', 'jobs.d/lfs.yaml'])
  t.equal(textOf(tree, 'jobs.d/a.yaml'), '$Id$\nb\n')
  t.throws(() => statSync(marker))
})

t.test('a tree that leads out of itself is refused', async (t) => {
  const { repository, source } = startSource(t)
  const blob = repository.git(['hash-object', '-w', '--stdin'], 'x')
  const raw = Buffer.concat([Buffer.from('100644 ..\0'), Buffer.from(blob, 'hex')])
  const evil = repository.git(['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'], raw)
  const top = repository.git(['mktree'], `040000 tree ${evil}\tjobs.d\n`)
  repository.git(['update-ref', 'refs/heads/main', commitTree(repository, top)])
  await t.rejects(source.read(signal), { code: 'SOURCE_REFUSED', details: { reason: /hasDotdot/ } })
})

t.test('a large blob is there with its size and is not read', async (t) => {
  const { repository, source } = startSource(t)
  repository.commit({
    'jobs.d/just.yaml': noise(64 * 1024),
    'jobs.d/over.yaml': noise(70 * 1024),
    'jobs.d/huge.yaml': Buffer.alloc(64 * 1024 * 1024),
    'jobs.d/film.mp4': 'not read, whatever its size',
  })
  const git = watchGit(t)
  const { files } = await source.read(signal)
  t.equal(git.asked().length, 1, 'only one was asked for')
  t.same([...files].map(([path, { size, content }]) => [path, size, content.byteLength]).sort(), [
    ['jobs.d/film.mp4', 27, 0],
    ['jobs.d/huge.yaml', 64 * 1024 * 1024, 0],
    ['jobs.d/just.yaml', 64 * 1024, 64 * 1024],
    ['jobs.d/over.yaml', 70 * 1024, 0],
  ])
})

t.test('more files or bytes than a source may have are refused', async (t) => {
  const { repository, mirror } = startSource(t)
  repository.commit({ 'jobs.d/a.yaml': 'four', 'jobs.d/b.yaml': 'four', 'other.yaml': 'not ours' })
  const { url } = repository
  t.equal((await sourceOf(mirror, url, { maxFiles: 2, maxBytes: 8 }).read(signal)).files.size, 2)
  await t.rejects(sourceOf(mirror, url, { maxFiles: 1 }).read(signal), {
    code: 'SOURCE_TOO_LARGE',
    details: { source: `${url}#main`, reason: 'it has more than 1 files' },
  })
  await t.rejects(sourceOf(mirror, url, { maxBytes: 7 }).read(signal), {
    code: 'SOURCE_TOO_LARGE',
    details: { reason: /more than 7 bytes/ },
  })
})

t.test('trees of trees with ten million files end in an error, and soon', async (t) => {
  const { repository, source } = startSource(t)
  const blob = repository.git(['hash-object', '-w', '--stdin'], 'x')
  let tree = treeOf(`100644 blob ${blob}`)
  for (let level = 0; level < 6; level++) tree = treeOf(`040000 tree ${tree}`)
  const top = repository.git(['mktree'], `040000 tree ${tree}\tjobs.d\n`)
  repository.git(['update-ref', 'refs/heads/main', commitTree(repository, top)])
  const before = process.memoryUsage().rss
  await t.rejects(source.read(signal), {
    code: 'SOURCE_TOO_LARGE',
    details: { reason: /more than 100000 files/ },
  })
  t.ok(process.memoryUsage().rss - before < 512 * 1024 * 1024, 'the listing was cut off')

  function treeOf(entry: string): string {
    return repository.git(['mktree'], Array.from({ length: 10 }, (_, name) => `${entry}\t${name}\n`).join(''))
  }
})

t.test('a missing branch, an empty repository and a missing path are told apart', async (t) => {
  const { remotes, mirror, repository } = startSource(t)
  const { url } = repository
  await t.rejects(sourceOf(mirror, url, { branch: 'nope' }).read(signal), {
    code: 'BRANCH_MISSING',
    message: `${url}#nope has no branch nope`,
  })
  const empty = createRepository(join(remotes, 'empty.git'))
  await t.rejects(sourceOf(mirror, empty.url).read(signal), {
    code: 'BRANCH_MISSING',
    message: `${empty.url}#main has no branch main (the repository is empty)`,
  })
  await t.rejects(sourceOf(mirror, url, { path: 'sites/a' }).read(signal), {
    code: 'PATH_MISSING',
    details: { source: `${url}#main:sites/a`, path: 'sites/a' },
  })
  repository.commit({ 'README.md': 'moved' })
  await t.rejects(sourceOf(mirror, url).read(signal), { code: 'PATH_MISSING', details: { path: '/' } })
  t.equal((await errorOf(sourceOf(mirror, `${url}-none`).read(signal))).code, 'SOURCE_REFUSED')
})

t.test('a force push is followed', async (t) => {
  const { repository, source } = startSource(t)
  await source.read(signal)
  const git = watchGit(t)
  repository.commit({ 'jobs.d/a.yaml': 'second' })
  await source.read(signal)
  const commit = repository.commit({ 'jobs.d/b.yaml': 'other history' }, { orphan: true })
  const tree = await source.read(signal)
  t.equal(tree.revision, commit)
  t.same(pathsOf(tree), ['jobs.d/b.yaml'])
  t.same(git.calls('init'), [], 'with the mirror that is there')
})

t.test('the whole history comes, without tags and other branches', async (t) => {
  const { repository, source, mirror, commit } = startSource(t)
  repository.git(['tag', 'v1', commit])
  repository.commit({ 'jobs.d/x.yaml': '' }, { branch: 'other' })
  repository.commit({ 'jobs.d/a.yaml': 'second' })
  const { revision } = await source.read(signal)
  const inMirror = createMirrorView(mirror)
  t.same(inMirror(['for-each-ref']), `${revision} commit\trefs/jobsd/head`)
  t.same(inMirror(['rev-list', 'refs/jobsd/head']).split('\n'), [revision, commit])
})

t.test('a missing git is told', async (t) => {
  const { source } = startSource(t)
  const path = process.env.PATH
  t.teardown(() => {
    process.env.PATH = path
  })
  process.env.PATH = '/nowhere'
  await t.rejects(source.read(signal), { code: 'GIT_MISSING' })
})

t.test('reads at the same time wait for each other', async (t) => {
  const { source } = startSource(t)
  const [first, second] = await Promise.all([source.read(signal), source.read(signal)])
  t.equal(first, second)
  const aborted = AbortSignal.abort(new Error('stopped'))
  await t.rejects(source.read(aborted), { message: 'stopped' })
})

function commitTree(repository: GitRepository, tree: string): string {
  const person = 'Test <test@example.com> 1700000000 +0000'
  const text = `tree ${tree}\nauthor ${person}\ncommitter ${person}\n\nby hand\n`
  return repository.git(['hash-object', '-t', 'commit', '-w', '--stdin'], text)
}

function createMirrorView(mirror: string) {
  const view = createRepository(join(mirror, '../view'))
  return (args: string[]) => view.git([`--git-dir=${mirror}`, ...args])
}
