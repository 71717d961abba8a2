/** Git repositories made by plumbing, always with the same objects, and servers for them on loopback. */
import { spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ssh2 from 'ssh2'
import type { Test } from 'tap'

/** Text of a file, or an entry of another mode: `120000` with the link's target, `160000` with a commit. */
export type FileContent = string | Buffer | { mode: string; data: string }

export interface CommitOptions {
  branch?: string
  /** Nothing before it: what a force push of other history leads to. */
  orphan?: boolean
  message?: string
}

export interface GitRepository {
  folder: string
  url: string
  git(args: string[], input?: string | Buffer): string
  /** Puts a commit with exactly these files on the branch; returns its name. */
  commit(files: Record<string, FileContent>, options?: CommitOptions): string
}

const environment = {
  PATH: process.env.PATH,
  HOME: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  LC_ALL: 'C',
}

/** Whether a program is there. */
export function hasProgram(name: string, args: string[]): boolean {
  return spawnSync(name, args, { env: environment }).error === undefined
}

/** Whether this git can serve HTTP. */
export function hasHttpBackend(): boolean {
  const { stderr } = spawnSync('git', ['http-backend'], { env: environment, encoding: 'utf8' })
  return !stderr.includes('is not a git command')
}

/** Makes an empty bare repository below a folder. */
export function createRepository(folder: string): GitRepository {
  mkdirSync(folder, { recursive: true })
  let commits = 0

  function git(args: string[], input: string | Buffer = ''): string {
    const options = { cwd: folder, env: environment, input, maxBuffer: 1 << 28 }
    const { status, stdout, stderr } = spawnSync('git', args, options)
    if (status !== 0) throw new Error(`git ${args[0]}: ${stderr}`)
    return stdout.toString().trim()
  }

  git(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', '.'])
  return {
    folder,
    url: pathToFileURL(folder).href,
    git,
    commit(files, { branch = 'main', orphan = false, message = 'change' } = {}) {
      const person = `Test <test@example.com> ${1_700_000_000 + commits++ * 60} +0000`
      const known = spawnSync('git', ['rev-parse', '--verify', `refs/heads/${branch}`], {
        cwd: folder,
        env: environment,
      })
      const head = [`commit refs/heads/${branch}`, `committer ${person}`, `data ${message.length}`, message]
      if (!orphan && known.status === 0) head.push(`from refs/heads/${branch}^0`)
      const stream: Uint8Array[] = [Buffer.from(`${head.join('\n')}\ndeleteall\n`)]
      for (const [path, content] of Object.entries(files)) stream.push(...changeOf(path, content))
      git(['fast-import', '--quiet', '--force'], Buffer.concat(stream))
      return git(['rev-parse', `refs/heads/${branch}`])
    },
  }
}

function changeOf(path: string, content: FileContent): Uint8Array[] {
  const isPlain = typeof content === 'string' || Buffer.isBuffer(content)
  if (!isPlain && content.mode === '160000') return [Buffer.from(`M 160000 ${content.data} ${path}\n`)]
  const data = Buffer.from(isPlain ? content : content.data)
  const mode = isPlain ? '100644' : content.mode
  return [Buffer.from(`M ${mode} inline ${path}\ndata ${data.length}\n`), data, Buffer.from('\n')]
}

export interface HttpRemote {
  /** Without a slash at the end. */
  origin: string
  /** What each request's Authorization said. */
  authorizations: (string | undefined)[]
}

/**
 * Serves the repositories in a folder by HTTP. `credentials` are `user:password`; `answer` may take a request over, also
 * to leave it without any answer.
 */
export async function serveHttp(
  t: Test,
  folder: string,
  options: {
    credentials?: string
    answer?: (request: IncomingMessage, response: ServerResponse) => boolean
  } = {},
): Promise<HttpRemote> {
  const authorizations: (string | undefined)[] = []
  const server = createServer((request, response) => {
    const { authorization } = request.headers
    authorizations.push(authorization)
    if (options.answer?.(request, response)) return
    const expected = options.credentials && `Basic ${Buffer.from(options.credentials).toString('base64')}`
    if (expected && authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return
    }
    runBackend(folder, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, authorizations }
}

/** git http-backend is a CGI program. */
function runBackend(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost')
  const { headers } = request
  const child = spawn('git', ['http-backend'], {
    env: {
      ...environment,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      REMOTE_ADDR: '127.0.0.1',
    },
  })
  request.pipe(child.stdin)
  child.stdin.on('error', () => undefined)
  let head = Buffer.alloc(0)
  const onHead = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    child.stdout.off('data', onHead)
    let status = 200
    for (const line of head.toString('latin1', 0, end).split('\r\n')) {
      const [name = '', value = ''] = line.split(/: */, 2)
      if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10)
      else response.setHeader(name, value)
    }
    response.writeHead(status)
    response.write(head.subarray(end + 4))
    child.stdout.pipe(response)
  }
  child.stdout.on('data', onHead)
  child.once('close', () => response.end())
}

export interface SshRemote {
  port: number
  /** The line of known_hosts for it. */
  knownHosts: string
  /** The private key that it takes. */
  key: string
  /** Each attempt to log in: the method's name. */
  attempts: string[]
}

/** A fresh key of a kind that every OpenSSH takes, as PEM. */
export function createSshKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
}

/** The public half of a private key, `ssh-rsa AAAA...`. */
export function publicHalf(key: string): string {
  const parsed = ssh2.utils.parseKey(key)
  if (parsed instanceof Error) throw parsed
  return `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`
}

/** Serves every repository of this machine by ssh to whoever has the key; runs nothing but git-upload-pack. */
export async function serveSsh(t: Test): Promise<SshRemote> {
  const [hostKey, key] = [createSshKey(), createSshKey()]
  const attempts: string[] = []
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => undefined)
    client.on('authentication', (context) => {
      attempts.push(context.method)
      const isOurs =
        context.method === 'publickey' && publicHalf(key).endsWith(context.key.data.toString('base64'))
      if (isOurs) context.accept()
      else context.reject(['publickey'])
    })
    client.on('session', (accept) => {
      const session = accept()
      session.on('env', (acceptEnv) => acceptEnv?.())
      session.on('exec', (acceptExec, _reject, { command }) => {
        const channel = acceptExec()
        const folder = /^git-upload-pack '([^']+)'$/.exec(command)?.[1] ?? '/nowhere'
        const child = spawn('git', ['upload-pack', folder], { env: environment })
        channel.pipe(child.stdin)
        child.stdin.on('error', () => undefined)
        child.stderr.pipe(channel.stderr)
        child.stdout.pipe(channel, { end: false })
        child.once('close', (code) => {
          channel.exit(code ?? 1)
          channel.end()
        })
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  t.teardown(() => {
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, knownHosts: `[127.0.0.1]:${port} ${publicHalf(hostKey)}`, key, attempts }
}

/** Text that no compression makes small. */
export function noise(bytes: number): Buffer {
  return randomBytes(bytes)
}

/** A folder of its own for the repositories of a test. */
export function placeOf(t: Test): { remotes: string; mirror: string } {
  const root = t.testdir({})
  return { remotes: join(root, 'remotes'), mirror: join(root, 'data', 'mirror') }
}
