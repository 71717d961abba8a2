import '../../fakes/clean-children.ts'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { translateFetchFailure } from '../../../engine/adapters/git-failure.ts'
import type { GitSourceOptions } from '../../../engine/adapters/git-source.ts'
import { Secret } from '../../../engine/core/secret.ts'
import {
  createSshKey,
  hasHttpBackend,
  hasProgram,
  placeOf,
  publicHalf,
  serveHttp,
  serveSsh,
} from '../../fakes/git-remote.ts'
import {
  errorOf,
  leftoversOf,
  listCommandLines,
  secretsOf,
  sourceOf,
  startSource,
  watchGit,
} from '../../fakes/git-source.ts'

const { signal } = new AbortController()
const noBackend = hasHttpBackend() ? false : 'no git http-backend'
const noSsh = hasProgram('ssh', ['-V']) ? false : 'no ssh'
const noProc = process.platform === 'linux' ? false : 'no /proc'

t.test('a fetch has fixed arguments and an environment of its own', async (t) => {
  const { repository, source } = startSource(t)
  process.env.GIT_SSH = process.env.HTTPS_PROXY = process.env.JOBSD_SECRET_X = 'not for git'
  t.teardown(() => {
    for (const name of ['GIT_SSH', 'HTTPS_PROXY', 'JOBSD_SECRET_X']) delete process.env[name]
  })
  const git = watchGit(t)
  await source.read(signal)
  const [args = []] = git.calls('fetch')
  t.same(args.slice(args.indexOf('fetch')), [
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-recurse-submodules',
    '--force',
    '--no-write-fetch-head',
    '--',
    repository.url,
    '+refs/heads/main:refs/jobsd/head',
  ])
  for (const setting of [
    'core.hooksPath=/dev/null',
    'http.followRedirects=false',
    'transfer.fsckObjects=true',
  ]) {
    t.ok(args.includes(setting), setting)
  }
  const environment = git.environment()
  t.match(environment, /^GIT_ALLOW_PROTOCOL=file$/m)
  t.match(environment, /^HOME=\/dev\/null$/m)
  t.notMatch(environment, 'not for git')
})

t.test('URLs, branches and paths that are not allowed are refused at once', (t) => {
  const mirror = join(t.testdir({}), 'mirror')
  const refused = (options: Partial<GitSourceOptions>, reason: RegExp) =>
    t.throws(
      () => sourceOf(mirror, 'https://example.com/x.git', options),
      { code: 'BAD_REQUEST', message: reason },
      inspect(options),
    )
  const urls: Record<string, RegExp> = {
    '--upload-pack=touch x': /must be like/,
    '-oProxyCommand=x:y': /must be like/,
    'ext::sh -c touch% x': /must be like|not allowed/,
    'ext::x': /not allowed/,
    'git@ext::x': /must be like/,
    'git://example.com/x': /not allowed/,
    'ftp://example.com/x': /not allowed/,
    '/srv/x.git': /must be like/,
    'http://example.com/x': /this machine only/,
    'http://127.0.0.1.example.com/x': /this machine only/,
    'https://user:hunter2@example.com/x': /secret git-token/,
    'https://:hunter2@example.com/x': /secret git-token/,
    'ssh://git:hunter2@example.com/x': /secret/,
    'https://example.com/x?private_token=hunter2': /\?/,
    'ssh://-oProxyCommand=x/y': /host/,
    'ssh://-oProxyCommand@example.com/y': /user/,
    '-oProxyCommand@example.com:y': /must be like/,
    'git@-oProxyCommand=x:y': /must be like/,
    'git@example.com:-y': /must be like/,
    'https://%zz@example.com/y': /user/,
    'file://example.com/x': /no host/,
  }
  for (const [url, reason] of Object.entries(urls)) refused({ url }, reason)
  for (const url of Object.keys(urls).filter((each) => each.includes('hunter2'))) {
    try {
      sourceOf(mirror, url)
    } catch (error) {
      t.notMatch(inspect(error, { depth: 9 }), 'hunter2')
    }
  }
  for (const branch of [
    '',
    '-x',
    'a..b',
    'a b',
    'a~1',
    'a:b',
    'a/',
    '/a',
    'a//b',
    '.a',
    'a.lock',
    '@{-1}',
    'HEAD',
    '*',
  ]) {
    refused({ branch }, /branch/)
  }
  for (const path of ['/a', '../a', 'a/../b', 'a//b', 'a\0', 'a\\b']) refused({ path }, /folder/)
  const described = (url: string, path = '') => sourceOf(mirror, url, { path }).description
  t.equal(described('https://bot@example.com/x.git', 'a/'), 'https://example.com/x.git#main:a')
  t.equal(described('git@example.com:team/x.git', '.'), 'example.com:team/x.git#main')
  t.equal(described('ssh://git@example.com:22/x.git'), 'ssh://example.com:22/x.git#main')
  t.end()
})

t.test('a closed port and a silent server are unreachable', async (t) => {
  const { mirror } = placeOf(t)
  const server = createServer((socket) => socket.resume())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const url = `http://127.0.0.1:${port}/x.git`
  await t.rejects(sourceOf(mirror, url, { timeoutMs: 300 }).read(signal), {
    code: 'SOURCE_UNREACHABLE',
    retry: true,
    message: `cannot reach ${url}#main: it took longer than 0.3 s`,
  })
  t.same(
    listCommandLines().filter((line) => line.includes(url)),
    [],
    'nothing of git stays behind',
  )
  const controller = new AbortController()
  server.once('connection', () => controller.abort(new Error('stopped')))
  await t.rejects(sourceOf(mirror, url).read(controller.signal), { message: 'stopped' })
  t.same(
    listCommandLines().filter((line) => line.includes(url)),
    [],
  )
  await new Promise((resolve) => server.close(resolve))
  await t.rejects(sourceOf(mirror, url).read(signal), {
    code: 'SOURCE_UNREACHABLE',
    details: { reason: /Failed to connect|Connection refused/ },
  })
})

t.test('ssh that hangs is ended with git', { skip: noSsh || noProc }, async (t) => {
  const { mirror } = placeOf(t)
  const controller = new AbortController()
  let lines: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined).resume()
    lines = listCommandLines()
    controller.abort(new Error('stopped'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const secrets = secretsOf({ 'git-ssh-key': 'no key', 'git-known-hosts': 'nowhere' })
  const url = `ssh://git@127.0.0.1:${port}/x`
  await t.rejects(sourceOf(mirror, url, { secrets }).read(controller.signal), { message: 'stopped' })
  t.ok(lines.some((line) => line.startsWith('ssh\0') && line.includes(String(port))))
  const left = listCommandLines()
    .filter((line) => line.includes('git@127.0.0.1'))
    .filter((line) => line.includes(String(port)))
  t.same(left, [])
  t.same(leftoversOf(mirror), [])
})

t.test("git's words are one line, without anybody's password", (t) => {
  const about = { source: 's', branch: 'b' }
  const told = (text: string) => translateFetchFailure(text, about).details.reason
  const token = new Secret('t0ken-of-nobody').reveal()
  t.equal(
    told(`remote: hello\nfatal: unable to access 'https://me:pw@h/x': ${token}\x1b[31m bad\nmore`),
    "unable to access 'https://h/x': [secret] [31m bad",
  )
  t.equal(String(told(`fatal: unable to access ${'x'.repeat(500)}`)).length, 300)
  t.equal(told('remote: only the server spoke'), 'no reason given')
  t.equal(
    translateFetchFailure('fatal: write error: No space left on device\nfatal: early EOF', about).code,
    'STORAGE_FAILED',
  )
  t.end()
})

t.test('HTTP: a token logs in, and only the right one', { skip: noBackend }, async (t) => {
  const { remotes, mirror, commit } = startSource(t)
  const open = await serveHttp(t, remotes)
  t.equal((await sourceOf(mirror, `${open.origin}/config.git`).read(signal)).revision, commit)
  t.same([...new Set(open.authorizations)], [undefined])

  const guarded = await serveHttp(t, remotes, { credentials: 'x-access-token:t0k/en+1' })
  const url = `${guarded.origin}/config.git`
  const secrets = secretsOf({ 'git-token': 't0k/en+1' })
  t.equal((await sourceOf(mirror, url, { secrets }).read(signal)).revision, commit)
  const prefixed = secretsOf({ 'platform-git-token': 't0k/en+1', 'git-token': 'wrong' })
  const options = { secrets: prefixed, secretPrefix: 'platform-' }
  t.equal((await sourceOf(mirror, url, options).read(signal)).revision, commit)
  t.same(prefixed.asked, ['platform-git-token'])
  const plain = { secrets, secretPrefix: 'platform-' }
  t.equal((await sourceOf(mirror, url, plain).read(signal)).revision, commit)

  const named = await serveHttp(t, remotes, { credentials: 'bot:t0k/en+1' })
  const withUser = named.origin.replace('://', '://bot@') + '/config.git'
  t.equal((await sourceOf(mirror, withUser, { secrets }).read(signal)).revision, commit)

  for (const wrong of [{ 'git-token': 'n0t-r1ght' }, {}] as Record<string, string>[]) {
    const error = await errorOf(sourceOf(mirror, url, { secrets: secretsOf(wrong) }).read(signal))
    t.equal(error.code, 'SOURCE_REFUSED')
    const shown = inspect(error, { depth: 9, showHidden: true })
    t.notMatch(shown, 'n0t-r1ght')
    t.notMatch(shown, Buffer.from('x-access-token:n0t-r1ght').toString('base64'))
  }
  const missing = await errorOf(sourceOf(mirror, `${open.origin}/none.git`).read(signal))
  t.equal(missing.code, 'SOURCE_REFUSED')
})

t.test('HTTP: a redirect is not followed, and other answers are told', { skip: noBackend }, async (t) => {
  const { remotes, mirror } = startSource(t)
  const target = await serveHttp(t, remotes)
  const token = 'sup3rsecret'
  const secrets = secretsOf({ 'git-token': token })
  const server = await serveHttp(t, remotes, {
    answer(request, response) {
      const status = Number(/^\/(\d+)\//.exec(request.url ?? '')?.[1])
      response.writeHead(status, {
        location: `${target.origin}${request.url?.replace(/^\/\d+/, '')}`,
        'content-type': 'text/plain',
      })
      // A server that shows what it was sent, and one that plays another error.
      response.end(`you sent ${request.headers.authorization}\ncouldn't find remote ref\n`)
      return true
    },
  })
  const codes = {
    301: 'SOURCE_REFUSED',
    307: 'SOURCE_REFUSED',
    403: 'SOURCE_REFUSED',
    503: 'SOURCE_UNREACHABLE',
  }
  for (const [status, code] of Object.entries(codes)) {
    const error = await errorOf(
      sourceOf(mirror, `${server.origin}/${status}/config.git`, { secrets }).read(signal),
    )
    t.match(error, { code, details: { reason: new RegExp(`error: ${status}`) } })
    const shown = inspect(error, { depth: 9, showHidden: true })
    t.notMatch(shown, token)
    t.notMatch(shown, Buffer.from(`x-access-token:${token}`).toString('base64'))
  }
  t.same(target.authorizations, [], 'nobody asked the other place')
})

t.test(
  'HTTP: no process shows the token, and none stays after an abort',
  { skip: noBackend || noProc },
  async (t) => {
    const { remotes, mirror } = startSource(t)
    const controller = new AbortController()
    const lines: string[] = []
    const server = await serveHttp(t, remotes, {
      answer(request) {
        // It hangs: everything that takes part is running now.
        lines.push(...listCommandLines())
        controller.abort(new Error(`stopped at ${request.method}`))
        return true
      },
    })
    const url = `${server.origin}/config.git`
    const read = sourceOf(mirror, url, { secrets: secretsOf({ 'git-token': 'v1sible' }) }).read(
      controller.signal,
    )
    await t.rejects(read, { message: 'stopped at GET' })
    const ours = lines.filter((line) => line.includes(server.origin))
    t.ok(
      ours.some((line) => line.includes('remote-http')),
      'git and its child for HTTP were seen',
    )
    const encoded = Buffer.from('x-access-token:v1sible').toString('base64')
    for (const line of lines) t.notOk(line.includes('v1sible') || line.includes(encoded))
    t.same(server.authorizations, [`Basic ${encoded}`])
    t.same(
      listCommandLines().filter((line) => line.includes(server.origin)),
      [],
    )
  },
)

t.test('ssh: a key logs in at the host that is known, and is gone afterwards', { skip: noSsh }, async (t) => {
  const { repository, mirror, commit } = startSource(t)
  const server = await serveSsh(t)
  const url = `ssh://git@127.0.0.1:${server.port}${repository.folder}`
  const secrets = secretsOf({ 'git-ssh-key': server.key.trimEnd(), 'git-known-hosts': server.knownHosts })
  t.equal((await sourceOf(mirror, url, { secrets }).read(signal)).revision, commit)
  t.ok(server.attempts.includes('publickey'))
  t.same(leftoversOf(mirror), [])

  const stranger = secretsOf({ 'git-ssh-key': createSshKey(), 'git-known-hosts': server.knownHosts })
  await t.rejects(sourceOf(mirror, url, { secrets: stranger }).read(signal), {
    code: 'SOURCE_REFUSED',
    details: { reason: /Permission denied/ },
  })
  t.same(leftoversOf(mirror), [])
  await t.rejects(sourceOf(mirror, `${url}-none`, { secrets }).read(signal), {
    code: 'SOURCE_REFUSED',
    details: { reason: /does not appear to be a git repository|not a git repository/ },
  })
})

t.test('ssh: at a host with another key nothing is sent', { skip: noSsh }, async (t) => {
  const { repository, mirror } = startSource(t)
  const server = await serveSsh(t)
  const url = `ssh://git@127.0.0.1:${server.port}${repository.folder}`
  const other = `[127.0.0.1]:${server.port} ${publicHalf(createSshKey())}`
  for (const hosts of [other, `unrelated.example ${publicHalf(createSshKey())}`]) {
    const secrets = secretsOf({ 'git-ssh-key': server.key, 'git-known-hosts': hosts })
    await t.rejects(sourceOf(mirror, url, { secrets }).read(signal), {
      code: 'SOURCE_REFUSED',
      details: { reason: /host key|Host key/ },
    })
  }
  t.same(server.attempts, [])
  t.same(leftoversOf(mirror), [])
  for (const name of ['git-ssh-key', 'git-known-hosts']) {
    const given = { 'git-ssh-key': server.key, 'git-known-hosts': server.knownHosts, [name]: undefined }
    const secrets = secretsOf(given as Record<string, string>)
    await t.rejects(sourceOf(mirror, url, { secrets }).read(signal), {
      code: 'SECRET_MISSING',
      details: { name },
    })
  }
})
