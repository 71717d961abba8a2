/** encrypt, decrypt and sign with real keys: what they offer, what they say, what they leave behind. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createKeys } from '../../../engine/adapters/keys.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { RunFile, StepOf } from '../../../engine/core/model.ts'
import { decryptStep } from '../../../engine/steps/decrypt.ts'
import { encryptStep } from '../../../engine/steps/encrypt.ts'
import { ftpOutCopyStep } from '../../../engine/steps/ftp-out-copy.ts'
import { signStep } from '../../../engine/steps/sign.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createMemoryEndpoints, createMemoryFiles } from '../../fakes/endpoints.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { createTestSecrets, makeKey, type TestKey } from '../../fakes/openpgp-keys.ts'
import { createStep } from '../../fakes/snapshot.ts'
import { createStepContext, offerFile, type TestContext } from '../../fakes/step-context.ts'

const acme = await makeKey('acme-key')
const ours = await makeKey('platform-key')
// Made on the first day of the year, these end nine days after the run, and some hours before it.
const year = 327 * 86_400
const short = await makeKey('short-key', { validForS: year + 8 * 86_400 })
const ended = await makeKey('ended-key', { validForS: year - 86_400 })
const known: Record<string, TestKey> = Object.fromEntries(
  [acme, ours, short, ended].map((key) => [key.own.name, key]),
)
const rows = 'call_id,seconds\n1,20\n2,30\n'
const period = {
  start: '2026-11-22T06:00:00.000Z',
  end: '2026-11-23T06:00:00.000Z',
  timezone: 'America/Chicago',
}

async function setUp(folder: string) {
  const artifacts = createTestArtifacts(folder)
  const remote = createMemoryFiles()
  const log = createMemoryLog()
  const files: RunFile[] = []
  const overview = { title: 'Calls' } as never
  files.push(await offerFile(artifacts, 'calls.csv', rows, { period, overview }))
  const begin = (step: string): TestContext => {
    const base = createStepContext(step, folder, { files, artifacts })
    const keys = createKeys({
      secrets: createTestSecrets(Object.assign({}, ...Object.values(known).map(({ secrets }) => secrets))),
      clock: base.clock,
    })
    const endpoints = createMemoryEndpoints({ files: { 'acme-sftp': remote }, keys })
    const others = base.connection
    const connection = (name: string) => known[name]?.own ?? others(name)
    return Object.assign(base, { endpoints, connection, log })
  }
  const take = (step: string, offered: Omit<RunFile, 'step'>[] = []) => {
    for (const file of offered) files.push({ ...file, step })
  }
  const read = (file: { sha256: string }) => readFileSync(join(folder, file.sha256))
  const left = () => readdirSync(join(folder, 'scratch'))
  return { artifacts, begin, files, log, remote, take, read, left }
}

type Of<T extends 'encrypt' | 'decrypt' | 'sign'> = Omit<StepOf<T>, 'onSuccess' | 'onFailure'>
const encrypt = (changes: Partial<Of<'encrypt'>> = {}): StepOf<'encrypt'> =>
  createStep({ name: 'encrypt', type: 'encrypt', from: 'build', recipients: ['acme-key'], ...changes })
const decrypt = (changes: Partial<Of<'decrypt'>> = {}): StepOf<'decrypt'> =>
  createStep({ name: 'open', type: 'decrypt', from: 'encrypt', key: 'acme-key', ...changes })
const sign = (changes: Partial<Of<'sign'>> = {}): StepOf<'sign'> =>
  createStep({ name: 'sign', type: 'sign', from: 'build', key: 'platform-key', ...changes })

t.test('what one step encrypts and signs the other opens as it was', async (t) => {
  const stage = await setUp(t.testdir())
  const made = await encryptStep.run(encrypt({ signWith: 'platform-key' }), stage.begin('encrypt'))
  t.equal(made.note, 'calls.csv.pgp: encrypted for acme-key, signed by platform-key')
  t.match(made.files, [
    { fileName: 'calls.csv.pgp', mediaType: 'application/pgp-encrypted', rows: 2, period, origin: null },
  ])
  t.notOk('overview' in made.files![0]!, 'what is inside is not shown in mails')
  stage.take('encrypt', made.files)
  const opened = await decryptStep.run(decrypt({ verifyWith: ['platform-key'] }), stage.begin('open'))
  t.equal(opened.note, 'calls.csv: decrypted, its signature is good')
  t.match(opened.files, [{ fileName: 'calls.csv', mediaType: 'text/csv', rows: 2, period }])
  t.equal(stage.read(opened.files![0]!).toString(), rows)
  t.equal(opened.files![0]!.sha256, stage.files[0]!.sha256, 'the very same bytes')
  t.same(stage.left(), [])
})

t.test('names come from the file, and from the step where it gives one', async (t) => {
  const stage = await setUp(t.testdir())
  stage.take('build', [{ ...(await offerFile(stage.artifacts, 'agents.csv', 'x')), period: null }])
  const namesOf = async (step: Of<'encrypt'> | Of<'sign'>) => {
    const type = step.type === 'encrypt' ? encryptStep : signStep
    const { files = [] } = await type.run(step as never, stage.begin(step.name))
    return files.map(({ fileName }) => fileName)
  }
  t.same(await namesOf(encrypt()), ['calls.csv.pgp', 'agents.csv.pgp'])
  t.same(await namesOf(encrypt({ armor: true })), ['calls.csv.asc', 'agents.csv.asc'])
  t.same(await namesOf(sign()), ['calls.csv.sig', 'agents.csv.sig'])
  t.same(await namesOf(sign({ armor: true, fileName: '{client}-{name}.{ext}.asc' })), [
    'acme-calls.csv.asc',
    'acme-agents.csv.asc',
  ])
  await t.rejects(
    namesOf(encrypt({ fileName: 'all.pgp' })),
    new JobsdError('FILE_EXISTS', { path: 'all.pgp' }),
    'two files of one name',
  )
  const opened: string[] = []
  for (const fileName of ['a.csv.pgp', 'b.GPG', 'c.txt.asc', '.pgp', 'plain']) {
    const made = await encryptStep.run(encrypt(), stage.begin('encrypt'))
    stage.take(`posted ${fileName}`, [{ ...made.files![0]!, fileName }])
    const { files } = await decryptStep.run(decrypt({ from: `posted ${fileName}` }), stage.begin('open'))
    opened.push(files![0]!.fileName)
  }
  t.same(opened, ['a.csv', 'b', 'c.txt', '.pgp', 'plain'])
})

t.test('a failure offers nothing, leaves nothing, and is not tried again', async (t) => {
  const stage = await setUp(t.testdir())
  const made = await encryptStep.run(encrypt(), stage.begin('encrypt'))
  stage.take('encrypt', made.files)
  const open = (changes: Partial<Of<'decrypt'>>) => decryptStep.run(decrypt(changes), stage.begin('open'))
  const recipients = ['acme-key', 'ended-key']
  const cases: [() => Promise<unknown>, string][] = [
    [() => open({ key: 'platform-key' }), 'DECRYPT_FAILED'],
    [() => open({ verifyWith: ['platform-key'] }), 'SIGNATURE_REFUSED'],
    [() => open({ from: 'build' }), 'DECRYPT_FAILED'],
    [() => encryptStep.run(encrypt({ recipients }), stage.begin('encrypt')), 'KEY_REFUSED'],
    [() => signStep.run(sign({ key: 'ended-key' }), stage.begin('sign')), 'KEY_REFUSED'],
  ]
  for (const [work, code] of cases) {
    const error = await work().catch((thrown: unknown) => thrown)
    t.match(error, { code, retry: false }, code)
  }
  t.same(stage.left(), [])
  t.equal(readdirSync(t.testdirName).filter((name) => /^[0-9a-f]{64}$/.test(name)).length, 2)
})

t.test('what is damaged is neither encrypted nor signed', async (t) => {
  const stage = await setUp(t.testdir())
  writeFileSync(join(t.testdirName, stage.files[0]!.sha256), rows.replace('20', '90'))
  const damaged = { code: 'ARTIFACT_DAMAGED' }
  await t.rejects(encryptStep.run(encrypt(), stage.begin('encrypt')), damaged)
  await t.rejects(signStep.run(sign(), stage.begin('sign')), damaged)
  t.equal(readdirSync(t.testdirName).filter((name) => /^[0-9a-f]{64}$/.test(name)).length, 1)
})

t.test(
  'a key that ends within two weeks is told by the note and in the log, a later one is not',
  async (t) => {
    const stage = await setUp(t.testdir())
    const made = await encryptStep.run(
      encrypt({ recipients: ['acme-key', 'short-key'], signWith: 'platform-key' }),
      stage.begin('encrypt'),
    )
    t.equal(
      made.note,
      'calls.csv.pgp: encrypted for acme-key, short-key, signed by platform-key; the key short-key expires on 2026-12-02',
    )
    t.same(stage.log.lines, ['warn: a key ends soon'])
    t.match(stage.log.fields, [
      { connection: 'short-key', expiresAt: '2026-12-02T00:00:00.000Z', job: 'acme/eod-call-detail' },
    ])
  },
)

t.test('a step that is tried once more delivers only what its last attempt made', async (t) => {
  const stage = await setUp(t.testdir())
  // The first attempt made its file, and the engine was killed before the step's end was recorded.
  const lost = await encryptStep.run(encrypt(), stage.begin('encrypt'))
  const kept = await encryptStep.run(encrypt(), stage.begin('encrypt'))
  t.not(lost.files![0]!.sha256, kept.files![0]!.sha256, 'the same file gives other bytes')
  stage.take('encrypt', kept.files)
  const upload: StepOf<'ftp-out-copy'> = createStep({
    name: 'upload',
    type: 'ftp-out-copy',
    from: 'encrypt',
    connection: 'acme-sftp',
    path: '/out',
  })
  const context = stage.begin('upload')
  await ftpOutCopyStep.run(upload, context)
  await ftpOutCopyStep.run(upload, context)
  t.same([...stage.remote.files.keys()], ['/out/calls.csv.pgp'])
  t.same(stage.remote.files.get('/out/calls.csv.pgp')?.bytes, stage.read(kept.files![0]!))
  t.equal(stage.remote.calls.filter((call) => call.startsWith('put')).length, 1, 'and that once')
})
