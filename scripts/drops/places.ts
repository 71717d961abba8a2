/** Where files are dropped: a local folder, or an SFTP server on loopback with writers that use it. */
import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import ssh2, { type ConnectConfig, type SFTPWrapper } from 'ssh2'
import { noSshd, startSshDaemon } from '../../test/fakes/ssh-daemon.ts'
import { startSftpServer } from '../demo/sftp-server.ts'
import { rules } from './config.ts'

export type PlaceName = 'local' | 'openssh' | 'npm'

/** What a writer can do. Paths begin at the place's root. */
export interface Post {
  open(path: string): Promise<{ write(chunk: Buffer, at: number): Promise<void>; close(): Promise<void> }>
  /** Replaces what is there. */
  rename(from: string, to: string): Promise<void>
  exists(path: string): Promise<boolean>
}

export interface Place {
  name: PlaceName
  /** The Connection's own keys. */
  connection: Record<string, unknown>
  secrets: Record<string, string>
  /** The folder behind it. */
  root: string
  posts: Post[]
  close(): Promise<void>
}

export function isMissing(name: PlaceName): boolean {
  return name === 'openssh' && noSshd !== false
}

export async function openPlace(name: PlaceName, folder: string): Promise<Place> {
  const root = join(folder, 'files')
  for (const rule of rules) await mkdir(join(root, rule), { recursive: true })
  if (name === 'local') return openLocal(root)
  return name === 'openssh' ? await openOpenSsh(folder, root) : await openNpm(root)
}

function openLocal(root: string): Place {
  const post: Post = {
    async open(path) {
      const file: FileHandle = await open(join(root, path), 'w')
      return {
        write: async (chunk, at) => {
          await file.write(chunk, 0, chunk.length, at)
        },
        close: () => file.close(),
      }
    },
    rename: (from, to) => rename(join(root, from), join(root, to)),
    exists: (path) =>
      stat(join(root, path)).then(
        () => true,
        () => false,
      ),
  }
  const connection = { type: 'folder', path: root }
  return { name: 'local', connection, secrets: {}, root, posts: [post], close: async () => undefined }
}

async function openOpenSsh(folder: string, root: string): Promise<Place> {
  const { port, username, userKey, hostKeyFingerprint, close } = await startSshDaemon(folder)
  const posts = await openPosts({ host: '127.0.0.1', port, username, privateKey: userKey }, root)
  return {
    name: 'openssh',
    connection: {
      type: 'sftp',
      host: '127.0.0.1',
      port,
      username,
      privateKey: { secret: 'drops-key' },
      hostKeys: [hostKeyFingerprint],
      root,
    },
    secrets: { 'drops-key': userKey },
    root,
    posts,
    async close() {
      for (const { end } of posts) end()
      await close()
    },
  }
}

async function openNpm(root: string): Promise<Place> {
  const password = 'password-of-the-drops'
  const server = await startSftpServer({ root, users: [{ username: 'acme', password }] })
  const { port, hostKeyFingerprint } = server
  const posts = await openPosts({ host: '127.0.0.1', port, username: 'acme', password }, '')
  return {
    name: 'npm',
    connection: {
      type: 'sftp',
      host: '127.0.0.1',
      port,
      username: 'acme',
      password: { secret: 'drops-password' },
      hostKeys: [hostKeyFingerprint],
    },
    secrets: { 'drops-password': password },
    root,
    posts,
    async close() {
      for (const { end } of posts) end()
      await server.close()
    },
  }
}

function openPosts(login: ConnectConfig, root: string) {
  return Promise.all(Array.from({ length: 4 }, () => openPost(login, root)))
}

async function openPost(login: ConnectConfig, root: string): Promise<Post & { end(): void }> {
  const client = new ssh2.Client()
  const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
    client.once('error', reject)
    client.once('ready', () => client.sftp((error, opened) => (error ? reject(error) : resolve(opened))))
    client.connect(login)
  })
  const real = (path: string) => root + path
  const ask = <T = void>(send: (done: (error?: Error | null, answer?: T) => void) => void): Promise<T> =>
    new Promise((resolve, reject) => send((error, answer) => (error ? reject(error) : resolve(answer as T))))
  return {
    async open(path) {
      const handle = await ask<Buffer>((done) => sftp.open(real(path), 'w', done))
      return {
        write: (chunk, at) => ask((done) => sftp.write(handle, chunk, 0, chunk.length, at, done)),
        close: () => ask((done) => sftp.close(handle, done)),
      }
    },
    async rename(from, to) {
      try {
        await ask((done) => sftp.ext_openssh_rename(real(from), real(to), done))
      } catch {
        // A server without that extension has no rename that replaces.
        await ask((done) => sftp.unlink(real(to), () => done()))
        await ask((done) => sftp.rename(real(from), real(to), done))
      }
    },
    exists: (path) =>
      ask<unknown>((done) => sftp.lstat(real(path), done)).then(
        () => true,
        () => false,
      ),
    end: () => client.end(),
  }
}
