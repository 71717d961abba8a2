/** Values and paths that would like to leave the folder, the URL's path or the name that they were given. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { createLocalFiles } from '../../../engine/adapters/local-files.ts'
import type { RemoteFiles } from '../../../engine/core/contracts/endpoints.ts'
import { joinPath } from '../../../engine/core/paths.ts'
import { expandQuery, expandRequestPath } from '../../../engine/core/request-target.ts'
import { expandPath, expandTokens, type TokenValues } from '../../../engine/core/tokens.ts'
import { newFolder, treeKinds } from '../../contracts/file-trees.ts'
import { sha256Of } from '../../fakes/endpoints.ts'
import { type Tried, tally } from './tally.ts'

const never = new AbortController().signal
const mark = 'jobsd-escaped'

const hostileValues = [
  ...[
    '..',
    '../',
    '../..',
    '../../../../../../etc',
    '/etc',
    '//etc',
    '....//....//',
    '..\\..\\',
    '\\\\host\\share',
  ],
  ...[
    'C:\\Windows',
    'C:',
    '%2e%2e%2f',
    '%2e%2e/',
    '..%2f',
    '%252e%252e%252f',
    '..%255c',
    '..%c0%af',
    '\u2025/',
  ],
  ...[
    '.\u002e/',
    '\uff0e\uff0e/',
    '\u2024\u2024/',
    '..\u0000',
    '..\u2215',
    '..\u2044',
    '. ./',
    '.. /',
    '..;/',
  ],
  ...[
    '~',
    '~root',
    '$HOME',
    '`id`',
    '$(id)',
    '|id',
    'a\nb',
    'a\r\nHost: evil',
    'a?x=1',
    'a#x',
    'a@evil.example',
  ],
  ...[
    '//evil.example',
    'http://evil.example',
    'a b',
    'a\tb',
    '.',
    '...',
    './.',
    '.ssh/authorized_keys',
    '-rf',
    '\ud800',
  ],
  ...['\u202egpj.exe', 'con', 'a'.repeat(5000), 'é'.repeat(300)],
].map((value) => `${value}`)

const values = (x: string): TokenValues => ({
  client: 'acme',
  callCenter: x,
  job: 'eod',
  report: null,
  campaign: { id: x, name: x },
  parameters: { x },
  period: null,
  slotMs: 0,
  timezone: 'UTC',
  seq: null,
  runId: 'r',
  name: x,
  ext: x,
})

/** What a template gives, or null where it is refused. */
function attempt(act: () => string): string | null {
  try {
    return act()
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error
    return null
  }
}

t.test('no value adds a folder to a name or climbs out of one', async (t) => {
  const names = [
    '{param.x}.csv',
    'a{callCenter}',
    '{campaign.name}.{campaign.id}',
    '{name}.{ext}',
    '.{param.x}',
  ]
  const folders = [
    '/in/{param.x}',
    '/in/{param.x}{callCenter}/{campaign.id}',
    '/in/.{param.x}',
    '/in/a{param.x}',
  ]
  await tally(t, 400, (tried) => {
    for (const value of hostileValues) {
      for (const template of names) {
        const name = attempt(() => expandTokens(template, values(value)))
        const isPlain =
          name === null ||
          (!/[/\\\p{Cc}]/u.test(name) && !/^\.{1,2}$/.test(name) && Buffer.byteLength(name) <= 200)
        tried(`${template} of ${JSON.stringify(value).slice(0, 40)}`, isPlain ? null : JSON.stringify(name))
      }
      for (const template of folders) {
        const folder = attempt(() => expandPath(template, values(value)))
        const depth = template.split('/').length
        const parts = (folder ?? '').split('/')
        const isInside =
          folder === null ||
          (folder.startsWith('/in') &&
            parts.length <= depth &&
            !parts.includes('..') &&
            !/[\\\p{Cc}]/u.test(folder))
        tried(
          `${template} of ${JSON.stringify(value).slice(0, 40)}`,
          isInside ? null : JSON.stringify(folder),
        )
      }
    }
  })
})

t.test('no value changes the host, the number of parts or the query of a request', async (t) => {
  const templates = ['/c/{param.x}/end', '/c/{param.x}{callCenter}', '/c/.{param.x}', '/c/%2e{param.x}/x']
  await tally(t, 200, (tried) => {
    for (const value of hostileValues) {
      for (const template of templates) {
        const path = attempt(() => expandRequestPath(template, values(value)))
        tried(
          `${template} of ${JSON.stringify(value).slice(0, 40)}`,
          path === null ? null : whyMoved(template, path),
        )
      }
      const query = expandQuery({ a: '{param.x}', b: 'x' }, values(value))
      const url = new URL(`https://crm.example/p?${query}`)
      const isWhole =
        [...url.searchParams.keys()].join() === 'a,b' && url.hash === '' && url.host === 'crm.example'
      tried(`query of ${JSON.stringify(value).slice(0, 40)}`, isWhole ? null : url.href)
    }
  })
})

/** As a strict reader takes the URL, and as one does that decodes the path once or twice before it looks. */
function whyMoved(template: string, path: string): string | null {
  const url = new URL(`https://crm.example/api${path}`)
  if (url.host !== 'crm.example' || url.search !== '' || url.hash !== '') return url.href
  if (url.pathname.split('/').length !== `/api${template}`.split('/').length) return url.pathname
  let decoded = path
  for (let count = 0; count < 2; count += 1) {
    decoded = decoded.replace(/%(2e|2f|5c|25)/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    const parts = decoded.split(/[/\\]/)
    if (parts.includes('..') || parts.includes('.')) return decoded
  }
  return null
}

const hostilePaths = [
  ...[
    `../${mark}`,
    `/../${mark}`,
    `/a/../../${mark}`,
    `/../../../../tmp/${mark}`,
    `//../${mark}`,
    `/./../${mark}`,
  ],
  ...[
    `/a/..\\..\\${mark}`,
    `\\..\\${mark}`,
    `/..\u0000/${mark}`,
    `/a\u0000/../../${mark}`,
    `/..`,
    `/a/..`,
    '/.',
    '/',
  ],
  ...[`/out/${mark}`, `/out/deep/${mark}`, '/out', `/in/leaf`, `/in\n/../../${mark}`, `/a/./../../${mark}`],
]

for (const kind of treeKinds) {
  t.test(`no path or link leads out of a tree: ${kind.name}`, { skip: kind.skip }, async (t: Test) => {
    const tree = await kind.open(t)
    const { files, folder } = tree
    const base = dirname(folder)
    const secret = join(base, 'beside')
    await mkdir(secret)
    await writeFile(join(secret, 'secret.txt'), 'canary-secret')
    await symlink(secret, join(folder, 'out'))
    await mkdir(join(folder, 'in'))
    await symlink(join(secret, 'secret.txt'), join(folder, 'in/leaf'))
    await symlink(join(secret, 'secret.txt'), join(folder, 'out.txt'))
    const scratch = await newFolder(t)
    const localPath = join(scratch, 'a')
    await writeFile(localPath, 'payload')
    const put = { localPath, size: 7, sha256: sha256Of('payload'), key: 'k', overwrite: 'replace' as const }
    await writeFile(join(folder, 'good'), 'good')
    const paths = [...hostilePaths, '/out/secret.txt', '/out.txt', `/../beside/secret.txt`, '/in/leaf/x']
    await tally(t, 100, async (tried) => {
      for (const path of paths) {
        const acts: [string, () => Promise<unknown>][] = [
          ['put', () => files.put({ ...put, path }, never)],
          ['fetch', async () => files.fetch(path, join(scratch, `f${Math.random()}`), never)],
          ['hash', () => files.hash(path, never)],
          ['move from', () => files.move(path, `/moved-${basename(path)}`, 'replace', never)],
          ['move to', () => files.move('/good', path, 'replace', never)],
        ]
        for (const [name, act] of acts) {
          const came = await act().catch(() => undefined)
          const before = `${name} ${JSON.stringify(path)}`
          const found = JSON.stringify(came ?? '')
          const isRead = found.includes(sha256Of('canary-secret'))
          tried(before, isRead ? 'it was read' : await whatChanged(base, secret))
          await rm(join(folder, 'good'), { recursive: true, force: true })
          await writeFile(join(folder, 'good'), 'good').catch(() => undefined)
        }
      }
      for (const name of await readdir(scratch)) {
        const text = await readFile(join(scratch, name), 'utf8').catch(() => '')
        tried(`what was fetched: ${name}`, text.includes('canary-secret') ? 'the secret' : null)
      }
    })
  })
}

/** What lies beside the tree that did not before; null for nothing. */
async function whatChanged(base: string, secret: string): Promise<string | null> {
  const text = await readFile(join(secret, 'secret.txt'), 'utf8').catch(() => 'it is gone')
  if (text !== 'canary-secret') return `the file outside: ${text}`
  const beside = await readdir(secret)
  if (beside.length !== 1) return `outside are ${beside.join()}`
  const up = [...(await readdir(base)), ...(await readdir(dirname(base))), ...(await readdir('/'))]
  return up.includes(mark) ? 'a file appeared above' : null
}

// An SFTP server that lets somebody swap its folders is beyond us: see docs/security.md.
t.test('a local folder that turns into a link and back, time and again, leads nowhere', async (t) => {
  const folder = join(await newFolder(t), 'drop')
  const outside = await newFolder(t)
  const scratch = await newFolder(t)
  const [inside, kept, link] = ['in', 'kept', 'link'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await mkdir(inside, { recursive: true })
  await writeFile(join(outside, 'name.txt'), 'canary-secret')
  await writeFile(join(inside, 'name.txt'), 'public')
  await symlink(outside, link)
  const connection = { apiVersion: 'jobsd/v1', kind: 'Connection', name: 'drop', type: 'folder' } as const
  const files = createLocalFiles({ ...connection, path: folder })
  const shared = new SharedArrayBuffer(4)
  const workerData = { inside, kept, link, shared }
  const worker = new Worker(new URL('./swap-worker.ts', import.meta.url), { workerData })
  const swaps = new Promise<number>((resolve) => worker.once('message', resolve))
  await tally(t, 800, async (tried) => {
    for (let count = 0; count < 1500; count += 1) await tryBoth(files, { scratch, outside }, count, tried)
    Atomics.store(new Int32Array(shared), 0, 1)
  })
  t.ok((await swaps) > 100, 'it was swapped all the while')
})

async function tryBoth(
  files: RemoteFiles,
  { scratch, outside }: Record<'scratch' | 'outside', string>,
  count: number,
  tried: Tried,
): Promise<void> {
  const localPath = join(scratch, `p${count}`)
  await writeFile(localPath, 'payload')
  const out = join(scratch, `f${count}`)
  const put = {
    localPath,
    size: 7,
    sha256: sha256Of('payload'),
    key: `k${count}`,
    overwrite: 'replace' as const,
  }
  const fetched = await files.fetch('/in/name.txt', out, never).catch(() => undefined)
  await files.put({ ...put, path: joinPath('/in', `put${count}.txt`) }, never).catch(() => undefined)
  const text = fetched ? await readFile(out, 'utf8') : ''
  tried(`fetch ${count}`, text.includes('canary-secret') ? 'the file outside was read' : null)
  const names = (await readdir(outside)).filter((name) => name !== 'name.txt')
  tried(`put ${count}`, names.length > 0 ? `outside are ${names.join()}` : null)
  for (const name of names) await rm(join(outside, name))
}
