/**
 * A canary for each secret of every kind of connection, used, refused and echoed by servers that mean harm: it may be
 * nowhere but in its own file.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { simpleParser } from 'mailparser'
import t, { type Test } from 'tap'
import { parse, stringify } from 'yaml'
import { makeKey } from '../fakes/openpgp-keys.ts'
import { type Stage, setStage } from './stage.ts'

const head = { apiVersion: 'jobsd/v1', kind: 'Connection' }
const canaryOf = (name: string) => `canary+${name}/4f9Zq7Lw2`
/** What a secret may be turned into on its way: itself, quoted, encoded, or within a longer text in base64. */
function formsOf(secret: string): Buffer[] {
  // A key in armor: any line of it gives it away.
  const lines = secret.split('\n').filter((line) => line.length > 40)
  if (lines.length > 1) return lines.flatMap(formsOf)
  const inBase64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]).toString('base64')
    // The first and last digits depend on what stands beside it.
    return text.slice(before === 0 ? 0 : 4, -4)
  })
  const texts = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), ...inBase64]
  const hex = Buffer.from(secret).toString('hex')
  return [
    ...texts,
    ...texts.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    hex,
    hex.toUpperCase(),
  ].map((text) => Buffer.from(text))
}

/** A mail server that repeats whatever it is told in its refusals. */
async function startEchoMail(t: Test, takesLogin: boolean): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.write('220 echo ESMTP\r\n')
    let rest = ''
    let shown = ''
    socket.on('data', (bytes) => {
      rest += bytes.toString('latin1')
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        const [, token = ''] = /^AUTH PLAIN (.*)/.exec(line) ?? []
        if (/^EHLO/.test(line)) socket.write('250-echo\r\n250 AUTH PLAIN LOGIN\r\n')
        else if (/^QUIT/.test(line)) socket.end('221 bye\r\n')
        else if (token !== '' && takesLogin) {
          shown = `${line} = ${Buffer.from(token, 'base64').toString().replaceAll('\0', ' ')}`
          socket.write('235 ok\r\n')
        } else if (takesLogin) socket.write(`550 not for ${shown}\r\n`)
        else
          socket.write(
            `535 no ${line} = ${Buffer.from(token, 'base64').toString().replaceAll('\0', ' ')}\r\n`,
          )
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A service that takes what is posted to /ok and answers anything else with the credentials that it was shown. */
async function startEchoHttp(t: Test): Promise<number> {
  const server = createHttpServer((request, response) => {
    request.resume().on('end', () => {
      const shown = JSON.stringify(request.headers)
      response.writeHead(
        request.url === '/ok' ? 200 : Number(request.url?.slice(1)) || 404,
        `Refused ${request.headers.authorization ?? ''}`,
      )
      response.end(request.url === '/ok' ? 'thanks' : `you are ${shown}`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const steps = {
  build: {
    name: 'build',
    type: 'report',
    report: 'call/call-detail',
    period: 'day',
    format: 'csv',
    fileName: '{job}-{runId}.csv',
    onEmpty: 'send',
  },
  encrypt: { name: 'encrypt', type: 'encrypt', from: 'build', recipients: ['theirs'], signWith: 'theirs' },
  decrypt: {
    name: 'decrypt',
    type: 'decrypt',
    from: 'encrypt',
    key: 'theirs',
    fileName: 'again-{runId}.csv',
  },
  upload: { name: 'upload', type: 'ftp-out-copy', from: 'build', connection: 'acme-sftp', path: '/out' },
  store: { name: 'store', type: 'cloud-copy', from: 'build', connection: 'acme-s3' },
  post: { name: 'post', type: 'http-request', connection: 'crm', method: 'POST', path: '/ok', from: 'build' },
  mail: {
    name: 'mail',
    type: 'email',
    from: 'build',
    connection: 'mail',
    to: ['a@acme.example'],
    template: 'report-ready',
  },
}

const once = { retry: { maxAttempts: 1 } }
/** A job by hand for each way in which a connection can fail, and one in which all is well. */
const jobs: Record<string, object[]> = {
  fine: [steps.build, steps.encrypt, steps.decrypt, steps.upload, steps.store, steps.post, steps.mail],
  'refused-sftp': [steps.build, { ...steps.upload, ...once }],
  'refused-s3': [steps.build, { ...steps.store, ...once }],
  'refused-key': [steps.build, steps.encrypt, { ...steps.decrypt, ...once }],
  'echo-http': [{ ...steps.post, from: undefined, json: { a: 'b' }, path: '/401', ...once }],
  'echo-http-body': [{ ...steps.post, from: undefined, json: { a: 'b' }, path: '/500', ...once }],
  'echo-http-final': [{ ...steps.post, from: undefined, json: { a: 'b' }, path: '/422', ...once }],
  'echo-mail': [steps.build, { ...steps.mail, connection: 'echo', ...once }],
  'echo-mail-late': [steps.build, { ...steps.mail, connection: 'echo-late', ...once }],
}

async function addConfig(stage: Stage, ports: { http: number; mail: number; mail2: number }) {
  const key = await makeKey('theirs', { passphrase: canaryOf('passphrase') })
  const secrets: Record<string, string> = {
    ...key.secrets,
    'crm-token': canaryOf('crm-token'),
    'echo-password': canaryOf('echo-password'),
  }
  const connections = [
    { ...key.own, name: 'theirs' },
    {
      ...head,
      name: 'crm',
      type: 'http',
      baseUrl: `http://127.0.0.1:${ports.http}`,
      allowPrivate: true,
      auth: { type: 'bearer', token: { secret: 'crm-token' } },
    },
    ...[
      { name: 'echo', port: ports.mail },
      { name: 'echo-late', port: ports.mail2 },
    ].map((own) => ({
      ...head,
      ...own,
      type: 'smtp',
      host: '127.0.0.1',
      security: 'none',
      from: 'reports@platform.example',
      username: 'jobsd',
      password: { secret: 'echo-password' },
    })),
  ]
  for (const connection of connections) {
    await writeFile(join(stage.site.platform, `connections/${connection.name}.yaml`), stringify(connection))
  }
  const policyPath = join(stage.site.platform, 'clients/acme.yaml')
  const policy = parse(await readFile(policyPath, 'utf8'))
  policy.connections.push(...connections.map(({ name }) => name))
  await writeFile(policyPath, stringify(policy))
  for (const [name, value] of Object.entries(secrets)) await writeSecret(stage, name, value)
  for (const [name, list] of Object.entries(jobs)) {
    const job = { apiVersion: 'jobsd/v1', kind: 'Job', name, title: name, client: 'acme', scope: 'client' }
    const text = stringify({ ...job, trigger: { type: 'manual' }, steps: JSON.parse(JSON.stringify(list)) })
    const path = join(stage.dir, `jobs.d/acme/${name}.yaml`)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}

const writeSecret = (stage: Stage, name: string, value: string) =>
  writeFile(join(stage.site.secrets, name), value, { mode: 0o600 })

const readSecrets = (stage: Stage) =>
  readdirSync(stage.site.secrets).map((name) => ({
    name,
    value: readFileSync(join(stage.site.secrets, name), 'utf8'),
  }))

/** Each file under a folder, by its path. */
function readAll(folder: string): [string, Buffer][] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => [path, readFileSync(path)])
}

/** What every process of this machine shows to others: its arguments. Ours are looked at while they work. */
function watchProcesses(t: Test) {
  const seen = new Set<string>()
  const look = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        for (const file of ['cmdline', 'environ']) {
          const text = readFileSync(`/proc/${pid}/${file}`, 'latin1')
          if (text.includes('jobsd') || text.includes('JOBSD')) seen.add(text)
        }
      } catch {
        // It ended, or is not ours to look at.
      }
    }
  }
  const timer = setInterval(look, 20)
  t.teardown(() => clearInterval(timer))
  return { look, seen }
}

t.test('no secret is anywhere but in its own file', async (t) => {
  const stage = await setStage(t)
  const ports = {
    http: await startEchoHttp(t),
    mail: await startEchoMail(t, false),
    mail2: await startEchoMail(t, true),
  }
  await addConfig(stage, ports)
  const processes = process.platform === 'linux' ? watchProcesses(t) : undefined
  const engine = await stage.start()
  const told: string[] = []
  const jobsd = async (...args: string[]) => {
    const answer = await stage.jobsd(...args)
    told.push(answer.stdout, answer.stderr)
    return answer
  }

  const fine = await jobsd('run', 'acme/fine', '--json')
  t.equal(fine.code, 0, 'all is well')
  const echoed: unknown[] = []
  for (const job of Object.keys(jobs).filter((name) => name.startsWith('echo-'))) {
    const { code, stdout } = await jobsd('run', `acme/${job}`, '--json')
    t.equal(code, 1, job)
    const { error } = JSON.parse(stdout).runs[0].steps.at(-1)
    echoed.push(`${error.code}: ${error.message}`)
  }
  t.match(echoed.join('\n'), /answered 500(.|\n)*answered 422(.|\n)*echo-late refused/, 'servers were quoted')
  const used = readSecrets(stage)

  // The same secrets with other values, as after a change at the partner that nobody told of.
  for (const { name } of used) if (!/private/.test(name)) await writeSecret(stage, name, canaryOf(name))
  await engine.stop()
  const again = await stage.start()
  for (const job of ['refused-sftp', 'refused-s3', 'refused-key']) {
    const { code, stdout } = await jobsd('run', `acme/${job}`, '--json')
    t.equal(code, 1, job)
    t.match(JSON.parse(stdout).runs[0].steps.at(-1).outcome, 'failed', job)
  }
  await jobsd('doctor', stage.dir, '--platform', stage.site.platform)
  await jobsd('doctor', stage.dir, '--platform', stage.site.platform, '--json')
  for (const command of [['status'], ['status', '--json'], ['runs'], ['runs', '--json']])
    await jobsd(...command)
  await jobsd('plan', stage.dir, '--base', 'HEAD')
  await jobsd('catalog', stage.dir, '--out', stage.out.catalog)
  await stage.until((runs) => runs.every(({ state }) => state !== 'running' && state !== 'queued'))
  processes?.look()
  await again.stop()

  const mails = readAll(stage.out.mail)
  const readMails = await Promise.all(mails.map(([, bytes]) => simpleParser(bytes)))
  const alerts = readMails.filter(({ subject }) => /refused|echo/.test(subject ?? ''))
  t.ok(alerts.length >= 4, `${alerts.length} mails tell the operators of the failures`)
  const places: [string, Buffer][] = [
    ['the log', Buffer.from([...engine.log(), ...again.log()].join('\n'))],
    ['what commands print', Buffer.from(told.join('\n'))],
    ['the process list', Buffer.from([...(processes?.seen ?? [])].join('\n'), 'latin1')],
    ...readAll(stage.site.data),
    ...readAll(stage.out.catalog),
    ...mails,
    ...readMails.map(({ text, html }, index): [string, Buffer] => [
      `mail ${index}`,
      Buffer.from(`${text}${html}`),
    ]),
  ]
  t.ok(
    places.some(([place]) => place.endsWith('.db')) && places.length > 50,
    `${places.length} places are searched`,
  )
  t.ok(processes === undefined || processes.seen.size > 3, 'processes were seen')

  const secrets = [...used, ...readSecrets(stage)]
  const find = (value: string) => {
    const forms = formsOf(value)
    return places.filter(([, bytes]) => forms.some((form) => bytes.includes(form))).map(([place]) => place)
  }
  for (const { name, value } of secrets) t.same(find(value), [], name)
  t.ok(secrets.length >= 20, `${secrets.length} secrets`)

  // The search finds what is there: planted as a server would have sent it back.
  for (const spelled of [
    canaryOf('crm-token'),
    Buffer.from(`\0jobsd\0${canaryOf('crm-token')}`).toString('base64'),
    Buffer.from(canaryOf('crm-token')).toString('hex'),
  ]) {
    places.push(['planted', Buffer.from(`... ${spelled} ...`)])
    t.same(find(canaryOf('crm-token')), ['planted'])
    places.pop()
  }
})
