/** Postfix on loopback with a queue of its own, handing on what it takes to one other server: a real mail server. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { freePort } from './free-port.ts'

const master = '/usr/lib/postfix/sbin/master'

/** Why tests against Postfix are passed over; false where they are not. */
export const noPostfix: string | false = !existsSync(master)
  ? 'no postfix'
  : process.getuid?.() === 0
    ? isOpenToOthers(tmpdir())
      ? false
      : 'postfix, whose own user cannot enter the temporary folder'
    : 'postfix starts for root only'

/** Whether any user may pass through a folder and all above it. */
function isOpenToOthers(folder: string): boolean {
  const isOpen = (statSync(folder).mode & 0o001) !== 0
  return isOpen && (dirname(folder) === folder || isOpenToOthers(dirname(folder)))
}

export interface PostfixOptions {
  /** Where it hands on every mail, on 127.0.0.1. Without it mails stay in the queue. */
  nextPort?: number
  /** What RCPT TO is answered by address, as `550 5.1.1 words`; everybody else is accepted. */
  recipients?: Record<string, string>
  /** Of a whole mail; announced as SIZE. */
  maxBytes?: number
  /** Names of environment variables that its processes get too; it keeps none by itself. */
  environment?: string[]
  /** Keeps what comes to an address as files in a maildir, whose owner must let anybody write. */
  mailbox?: { address: string; maildir: string }
  /** Paths of PEM files: STARTTLS is offered with them only. */
  tls?: { keyFile: string; certFile: string }
}

export interface PostfixServer {
  port: number
  close(): Promise<void>
}

const ownFolders =
  'incoming active deferred corrupt hold bounce defer trace flush saved public private maildrop'
const services = `
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
`

/** Starts it with its files in a temporary folder. Takes about a second. Throws its log when it does not answer. */
export async function startPostfix(options: PostfixOptions = {}): Promise<PostfixServer> {
  const base = await mkdtemp(join(tmpdir(), 'jobsd-postfix-'))
  await makeFolders(base)
  const port = await freePort()
  await writeFile(join(base, 'conf/main.cf'), settingsOf(base, options))
  await writeFile(join(base, 'conf/master.cf'), `127.0.0.1:${port} inet n - n - - smtpd${services}`)
  // A group of its own, so that its children end with it.
  const child = spawn(master, ['-c', join(base, 'conf'), '-d'], { stdio: 'ignore', detached: true })
  const exit = once(child, 'exit')
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGTERM')
    await exit
    await rm(base, { recursive: true, force: true, maxRetries: 20 })
  }
  for (let tries = 0; !(await greets(port)); tries++) {
    if (child.exitCode === null && tries < 200) {
      await setTimeout(50)
      continue
    }
    const log = await readFile(join(base, 'data/mail.log'), 'utf8').catch((error: Error) => error.message)
    await close()
    throw new Error(`postfix does not answer: ${log}`)
  }
  return { port, close }
}

function settingsOf(
  base: string,
  { nextPort, recipients = {}, maxBytes, environment, mailbox, tls }: PostfixOptions,
): string {
  const answers = Object.entries(recipients).map(([address, answer]) => `{ ${address} = ${answer} }`)
  const settings = {
    compatibility_level: '3.6',
    queue_directory: join(base, 'queue'),
    data_directory: join(base, 'data'),
    maillog_file: join(base, 'data/mail.log'),
    maillog_file_prefixes: base,
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    myhostname: 'mx.platform.example',
    mydestination: '',
    alias_maps: '',
    alias_database: '',
    smtp_host_lookup: 'native',
    smtp_dns_support_level: 'disabled',
    smtpd_peername_lookup: 'no',
    default_transport: nextPort === undefined ? 'discard:' : `smtp:[127.0.0.1]:${nextPort}`,
    // As from a stranger: nothing that is wrong with a mail is mended on its way.
    local_header_rewrite_clients: '',
    in_flow_delay: '0',
    message_size_limit: String(maxBytes ?? 0),
    smtpd_recipient_restrictions: [
      ...(answers.length > 0 ? [`check_recipient_access inline:{ ${answers.join(', ')} }`] : []),
      ...(nextPort === undefined ? ['check_client_access static:HOLD'] : []),
      'permit_mynetworks, reject',
    ].join(', '),
    ...(mailbox && {
      virtual_mailbox_domains: mailbox.address.slice(mailbox.address.indexOf('@') + 1),
      virtual_mailbox_base: dirname(mailbox.maildir),
      virtual_mailbox_maps: `inline:{ { ${mailbox.address} = ${basename(mailbox.maildir)}/ } }`,
      virtual_mailbox_limit: '0',
      virtual_uid_maps: 'static:65534',
      virtual_gid_maps: 'static:65534',
    }),
    ...(environment && { import_environment: ['MAIL_CONFIG', ...environment].join(' ') }),
    ...(tls && {
      smtpd_tls_security_level: 'may',
      smtpd_tls_cert_file: tls.certFile,
      smtpd_tls_key_file: tls.keyFile,
    }),
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('')
}

async function makeFolders(base: string): Promise<void> {
  await chmod(base, 0o755)
  await mkdir(join(base, 'conf'))
  await mkdir(join(base, 'queue/pid'), { recursive: true })
  const users = await readFile('/etc/passwd', 'utf8')
  const [uid, gid] = /^postfix:[^:]*:(\d+):(\d+):/m.exec(users)!.slice(1).map(Number) as [number, number]
  for (const folder of ['data', ...ownFolders.split(' ').map((name) => `queue/${name}`)]) {
    await mkdir(join(base, folder), { mode: 0o700 })
    await chown(join(base, folder), uid, gid)
  }
}

async function greets(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1')
  try {
    const [greeting] = (await once(socket, 'data')) as [Buffer]
    return greeting.toString().startsWith('220 ')
  } catch {
    // Not listening yet.
    return false
  } finally {
    socket.destroy()
  }
}
