import '../../fakes/clean-children.ts'
import { mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createRepository } from '../../fakes/git-remote.ts'
import { errorOf, leftoversOf, sourceOf, startSource, textOf } from '../../fakes/git-source.ts'

const { signal } = new AbortController()

t.test('a damaged mirror is made anew within the same read', async (t) => {
  const damages: Record<string, (mirror: string) => void> = {
    'a truncated pack': (mirror) => {
      const folder = join(mirror, 'objects/pack')
      const pack = readdirSync(folder).find((name) => name.endsWith('.pack'))!
      truncateSync(join(folder, pack), 200)
    },
    'no HEAD': (mirror) => rmSync(join(mirror, 'HEAD')),
    'no objects': (mirror) => rmSync(join(mirror, 'objects'), { recursive: true }),
    'an empty ref': (mirror) => writeFileSync(join(mirror, 'refs/jobsd/head'), ''),
    'an empty folder': (mirror) => {
      rmSync(mirror, { recursive: true })
      mkdirSync(mirror)
    },
    'a file in its place': (mirror) => {
      rmSync(mirror, { recursive: true })
      writeFileSync(mirror, '')
    },
    'nothing at all': (mirror) => rmSync(mirror, { recursive: true }),
    'a lock': (mirror) => writeFileSync(join(mirror, 'refs/jobsd/head.lock'), ''),
    'half a pack': (mirror) => writeFileSync(join(mirror, 'objects/pack/tmp_pack_x'), 'PACK'),
    'a key': (mirror) => mkdirSync(join(mirror, 'ssh-x')),
  }
  for (const [title, damage] of Object.entries(damages)) {
    await t.test(title, async (t) => {
      const { mirror, repository } = startSource(t)
      // More than git would unpack into single objects.
      const files = Object.fromEntries(
        Array.from({ length: 150 }, (_, i) => [`jobs.d/${i}.yaml`, `a: ${i}\n`]),
      )
      repository.commit(files)
      const running = sourceOf(mirror, repository.url)
      await running.read(signal)
      damage(mirror)
      const tree = await sourceOf(mirror, repository.url).read(signal)
      t.equal(tree.files.size, 150)
      t.same(leftoversOf(mirror), [])
      t.same(readdirSync(join(mirror, '..')), ['mirror'])
      damage(mirror)
      repository.commit({ ...files, 'jobs.d/0.yaml': 'new\n' })
      t.equal(textOf(await running.read(signal), 'jobs.d/0.yaml'), 'new\n', 'while the engine runs too')
    })
  }
})

t.test('an empty mirror inside of another repository does not touch that one', async (t) => {
  const { repository, remotes } = startSource(t)
  const outer = createRepository(join(remotes, 'outer/.git'))
  const mirror = join(remotes, 'outer/data/mirror')
  mkdirSync(mirror, { recursive: true })
  t.equal((await sourceOf(mirror, repository.url).read(signal)).files.size, 1)
  t.equal(outer.git(['for-each-ref']), '')
})

t.test('a mirror that cannot be made anew is kept', async (t) => {
  const { repository, mirror, source } = startSource(t)
  await source.read(signal)
  rmSync(join(mirror, 'HEAD'))
  rmSync(repository.folder, { recursive: true })
  const error = await errorOf(source.read(signal))
  t.equal(error.code, 'SOURCE_REFUSED')
  t.ok(statSync(join(mirror, 'refs/jobsd/head')))
  t.same(readdirSync(join(mirror, '..')), ['mirror'])
})

t.test('a mirror may have been of another URL', async (t) => {
  const { repository, mirror, source, remotes } = startSource(t)
  await source.read(signal)
  const other = createRepository(join(remotes, 'other.git'))
  const commit = other.commit({ 'jobs.d/o.yaml': 'o' })
  t.equal((await sourceOf(mirror, other.url).read(signal)).revision, commit)
  t.equal((await sourceOf(mirror, repository.url).read(signal)).files.has('jobs.d/acme/eod.yaml'), true)
})
