/** Where a Git source is: what may be asked for at all, and its name for people. */
import { JobsdError } from '../core/errors.ts'

export interface GitRemote {
  /** As git gets it: for HTTP without the user, who goes with the token. */
  url: string
  /** The only protocol that git may speak. */
  protocol: 'https' | 'http' | 'ssh' | 'file'
  /** The URL's user, empty where it names none. */
  user: string
  branch: string
  /** The sub-folder without a slash at its ends, empty for the root. */
  path: string
  /** URL without user, `#branch` and, unless it is the root, `:path`. */
  description: string
}

type Address = Pick<GitRemote, 'url' | 'protocol' | 'user'> & { shown: string }

/**
 * Takes apart where a Git source is: `https://host/path`, `ssh://user@host/path`, `user@host:path`, `file:///path`, and
 * `http://` on this machine only. Throws BAD_REQUEST, without the URL's password.
 */
export function readRemote({ url, branch, path }: { url: string; branch: string; path: string }): GitRemote {
  const { shown, ...address } = readScpAddress(url) ?? readUrl(url)
  if (!isBranchName(branch)) throw refuse(`${JSON.stringify(branch)} cannot be the name of a branch`)
  const folder = path.replace(/^(\.\/)+|^\.$|\/+$/g, '')
  if (!isFolderPath(folder)) throw refuse(`${JSON.stringify(path)} cannot be a folder of a repository`)
  const description = `${shown}#${branch}${folder === '' ? '' : `:${folder}`}`
  return { ...address, branch, path: folder, description }
}

/** `git@host:path`. The user is not optional: `ext::command` would be a host of that form too. */
function readScpAddress(text: string): Address | undefined {
  const [, user, host, path] =
    /^([\w.][\w.-]*)@([a-z0-9][\w.-]*|\[[0-9a-f:]+\]):(?!:)([^\s\p{Cc}]+)$/iu.exec(text) ?? []
  if (user === undefined || path?.startsWith('-')) return undefined
  return { url: text, protocol: 'ssh', user, shown: `${host}:${path}` }
}

function readUrl(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined
  // Never the text itself: whatever is wrong with it, it may hold a password.
  if (!url) throw refuse('the Git URL must be like https://host/path, ssh://git@host/path or git@host:path')
  if (url.password !== '') {
    throw refuse('the Git URL holds a password; leave it out and put it into the secret git-token')
  }
  if (url.search !== '' || url.hash !== '') throw refuse('the Git URL must not have ? or #')
  const protocol = url.protocol.slice(0, -1)
  if (!isAllowed(protocol)) {
    throw refuse(`Git by ${JSON.stringify(protocol)} is not allowed; use https://, ssh:// or file://`)
  }
  const user = decodeUser(url.username)
  if (user === undefined || /[\p{Cc}\s:]|^-/u.test(user))
    throw refuse('the user in the Git URL has characters that no user has')
  checkHost(url, protocol)
  const bare = new URL(url)
  bare.username = ''
  const shown = bare.href
  return { url: protocol === 'ssh' ? url.href : shown, protocol, user, shown }
}

/** Undefined where it is no text in percent encoding. */
function decodeUser(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function isAllowed(protocol: string): protocol is GitRemote['protocol'] {
  return ['https', 'http', 'ssh', 'file'].includes(protocol)
}

function checkHost({ hostname }: URL, protocol: GitRemote['protocol']): void {
  if (protocol === 'file') {
    if (hostname !== '') throw refuse('a file:// URL names no host')
    return
  }
  // A host that starts with - would be an option of ssh.
  if (!/^([a-z0-9][\w.-]*|\[[0-9a-f:]+\])$/i.test(hostname)) throw refuse('the Git URL has no valid host')
  if (protocol === 'http' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) {
    throw refuse(
      'Git by http:// is allowed on this machine only, since anybody between could change it; use https://',
    )
  }
}

/** The rules of git check-ref-format for a branch. */
function isBranchName(name: string): boolean {
  if (/[\p{Cc} ~^:?*[\\]|\.\.|@\{|\.$|^-|^@$|^HEAD$/u.test(name) || name.length > 200) return false
  return name.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'))
}

function isFolderPath(path: string): boolean {
  if (path === '') return true
  if (/[\p{Cc}\\]/u.test(path) || path.length > 1000) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

function refuse(reason: string): JobsdError {
  return new JobsdError('BAD_REQUEST', { reason })
}
