import { join } from 'node:path'
import t from 'tap'
import { createSecrets } from '../../engine/adapters/secrets.ts'
import type { EngineSources } from '../../engine/cli/parts.ts'
import { createPlatformFolder, createSources, systemUser } from '../../engine/sources.ts'

const secrets = createSecrets({})
const data = { root: '/data', work: '/data/work' }
const git = { url: 'https://ana@git.example/config.git', branch: 'live', path: './eu/' }
const ops = { url: 'git@git.example:ops.git', branch: 'main', path: '' }

function create(sources: Partial<EngineSources>) {
  const whole = { source: { folder: '/srv' }, platform: undefined, pollMs: undefined, ...sources }
  return createSources(whole, data, secrets)
}

t.test('folders and Git remotes become sources of their own kind', async (t) => {
  const folders = await create({ platform: { folder: '/ops' } })
  t.match([folders.source.description, folders.platform?.description], ['/srv', '/ops'])
  t.notOk(folders.source.vouch, 'nobody vouches for a folder')
  const remotes = await create({ source: git, platform: ops })
  t.equal(remotes.source.description, 'https://git.example/config.git#live:eu')
  t.equal(remotes.platform?.description, 'git.example:ops.git#main')
  t.ok(remotes.source.vouch && remotes.platform?.vouch)
  t.equal((await create({ source: git })).platform, undefined)
})

t.test('remotes are asked as often as was said, folders as ever', async (t) => {
  const { source, platform } = await create({ source: git, platform: ops, pollMs: 60_000 })
  t.same([source.rescanMs, platform?.rescanMs], [60_000, 60_000])
  const mixed = await create({ platform: ops, pollMs: 60_000 })
  t.same([mixed.source.rescanMs, mixed.platform?.rescanMs], [30_000, 60_000])
  t.equal((await create({ source: git })).source.rescanMs, 30_000)
})

t.test('what cannot be a remote is refused before anything is touched', async (t) => {
  for (const source of [
    { ...git, url: 'ext::sh -c id' },
    { ...git, url: 'https://ana:geheim@git.example/x' },
    { ...git, url: 'http://git.example/x' },
    { ...git, branch: '--upload-pack=id' },
    { ...git, path: '../etc' },
  ]) {
    await t.rejects(create({ source }), { code: 'BAD_REQUEST' }, JSON.stringify(source))
    const told = await create({ platform: source }).catch(String)
    t.notMatch(told, /geheim/)
  }
})

t.test('commands that read files take no URL as the platform', async (t) => {
  const folder = join(t.testdir({ 'settings.yaml': '' }))
  t.equal(createPlatformFolder(folder).description, folder)
  for (const url of ['https://git.example/ops.git', 'git@git.example:ops.git'])
    t.throws(() => createPlatformFolder(url), { code: 'BAD_REQUEST' }, url)
})

t.test('whoever runs it has a name', async (t) => {
  t.match(systemUser(), /\S/)
})
