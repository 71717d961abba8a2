import { spawnSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import type { Keys } from '../../../engine/core/contracts/keys.ts'
import type { OfferedFile } from '../../../engine/core/contracts/step.ts'
import type { RunFile, StepOf } from '../../../engine/core/model.ts'
import { Secret } from '../../../engine/core/secret.ts'
import { compressStep } from '../../../engine/steps/compress.ts'
import { entryNames } from '../../../engine/steps/entry-names.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createMemoryEndpoints } from '../../fakes/endpoints.ts'
import { readZip } from '../../fakes/read-zip.ts'
import { connections, createStep } from '../../fakes/snapshot.ts'
import { createStepContext, offerFile } from '../../fakes/step-context.ts'

const folder = t.testdir()
const artifacts = createTestArtifacts(folder)
const zip: StepOf<'compress'> = createStep({ name: 'pack', type: 'compress', from: 'build', format: 'zip' })
const gzip: StepOf<'compress'> = { ...zip, format: 'gzip' }

function context(files: RunFile[], keys?: Keys) {
  const endpoints = createMemoryEndpoints(keys ? { keys } : {})
  return createStepContext('pack', folder, { files, artifacts, endpoints })
}

async function bytesOf({ sha256, size }: OfferedFile): Promise<Buffer> {
  return await readFile(await artifacts.open(sha256, size))
}

function has(command: string): boolean {
  return spawnSync(command, ['-v']).error === undefined
}

t.test('a zip holds every file, and its name and period are those of the only one', async (t) => {
  const calls = await offerFile(artifacts, 'calls.csv', 'one,two\n')
  const { files, note } = await compressStep.run(zip, context([calls]))
  t.match(files, [{ fileName: 'calls.csv.zip', mediaType: 'application/zip', rows: 2, origin: null }])
  t.match(note, /^calls\.csv\.zip: 1 file, \d+ bytes$/)
  t.same([...readZip(await bytesOf(files![0]!))], [['calls.csv', 'one,two\n']])
})

t.test('a zip of several files has a name of its own, and as many entries', async (t) => {
  const both = [
    await offerFile(artifacts, 'calls.csv', 'one\n'),
    await offerFile(artifacts, 'CALLS.csv', 'two\n'),
  ]
  const { files } = await compressStep.run(zip, context(both))
  t.match(files, [{ fileName: 'acme_dallas_eod-call-detail_202611221830.zip', rows: null }])
  t.same(
    [...readZip(await bytesOf(files![0]!))],
    [
      ['calls.csv', 'one\n'],
      ['CALLS-2.csv', 'two\n'],
    ],
  )
})

t.test('the same run makes the same zip again', async (t) => {
  const calls = await offerFile(artifacts, 'calls.csv', 'one,two\n'.repeat(10_000))
  const [first, second] = [
    await compressStep.run(zip, context([calls])),
    await compressStep.run(zip, context([calls])),
  ]
  t.equal(first.files![0]!.sha256, second.files![0]!.sha256)
})

t.test('gzip makes one file of each, which gives the bytes back', async (t) => {
  const both = [await offerFile(artifacts, 'a.csv', 'one\n'), await offerFile(artifacts, 'b.csv', 'two\n')]
  const { files } = await compressStep.run({ ...gzip, fileName: '{name}_packed.{ext}.gz' }, context(both))
  t.same(
    files!.map(({ fileName, rows }) => [fileName, rows]),
    [
      ['a_packed.csv.gz', 2],
      ['b_packed.csv.gz', 2],
    ],
  )
  t.equal(gunzipSync(await bytesOf(files![1]!)).toString(), 'two\n')
})

t.test(
  'no name within an archive leads out of its folder, or is one that a system takes for another',
  async (t) => {
    const hostile = [
      '../x',
      '/etc/passwd',
      'a\nb.csv',
      'safe\u202Efdp.exe',
      `${'é'.repeat(127)}.csv`,
      'nul\u0000',
      '..',
      'CON.csv',
      'C:\\x',
    ]
    const names = entryNames(hostile)
    t.equal(new Set(names).size, hostile.length)
    for (const name of names) {
      t.notMatch(name, /[/\\\p{Cc}\p{Cf}:]|^\.|^$/u)
      t.ok(Buffer.byteLength(name) <= 200)
    }
    t.same(names.slice(-3), ['file', '_CON.csv', 'C--x'])
    const files = await Promise.all(hostile.map((name, index) => offerFile(artifacts, name, `${index}`)))
    const made = await compressStep.run(zip, context(files))
    t.same([...readZip(await bytesOf(made.files![0]!)).keys()], names)
  },
)

t.test('what is damaged is packed by neither format, and leaves nothing behind', async (t) => {
  const whole = await offerFile(artifacts, 'whole.csv', 'two\n')
  const damaged = await offerFile(artifacts, 'pay.csv', 'pay 100\n')
  await writeFile(join(folder, damaged.sha256), 'pay 900\n')
  const before = await readdir(folder, { recursive: true })
  for (const step of [zip, gzip])
    await t.rejects(compressStep.run(step, context([damaged, whole])), { code: 'ARTIFACT_DAMAGED' })
  t.same(await readdir(folder, { recursive: true }), before)
})

t.test('with a key every entry is encrypted by AES-256, and no bytes of it are there in clear', async (t) => {
  const keys = { passphrase: async () => new Secret('canary-passphrase') } as Partial<Keys> as Keys
  const secret = await offerFile(artifacts, 'calls.csv', 'SECRET-ROW\n'.repeat(50))
  const run = context([secret], keys)
  run.connection = () => ({ ...connections.share!, name: 'acme-zip' })
  const { files, note } = await compressStep.run({ ...zip, key: 'acme-zip' }, run)
  const bytes = await bytesOf(files![0]!)
  t.match(note, 'encrypted (AES-256)')
  t.notMatch(JSON.stringify({ files, note }), 'canary')
  t.equal(bytes.readUInt16LE(8), 99, 'the method says AES')
  const extra = bytes.indexOf(Buffer.from([0x01, 0x99, 0x07, 0x00]))
  t.equal(bytes[extra + 8], 3, 'the strength is 256 bits')
  t.notOk(bytes.includes('SECRET-ROW'))
  const { BlobReader, TextWriter, ZipReader } = await import('@zip.js/zip.js')
  const [entry] = await new ZipReader(new BlobReader(new Blob([new Uint8Array(bytes)]))).getEntries()
  t.ok(entry && !entry.directory)
  if (!entry || entry.directory) return
  t.equal(await entry.getData(new TextWriter(), { password: 'canary-passphrase' }), 'SECRET-ROW\n'.repeat(50))
  await t.rejects(entry.getData(new TextWriter(), { password: 'other' }))
})

t.test('unzip reads what was made', { skip: has('unzip') ? false : 'no unzip' }, async (t) => {
  const calls = await offerFile(artifacts, 'calls.csv', 'one,two\n'.repeat(1000))
  const { files } = await compressStep.run(zip, context([calls]))
  const path = join(folder, 'made.zip')
  await writeFile(path, await bytesOf(files![0]!))
  t.equal(spawnSync('unzip', ['-t', path]).status, 0)
  t.equal(spawnSync('unzip', ['-p', path]).stdout.toString(), 'one,two\n'.repeat(1000))
})

t.test(
  '7z opens an encrypted one, with its passphrase only',
  { skip: has('7z') ? false : 'no 7z' },
  async (t) => {
    const keys = { passphrase: async () => new Secret('canary-passphrase') } as Partial<Keys> as Keys
    const text = 'one,two\n'.repeat(1000)
    const run = context([await offerFile(artifacts, 'calls.csv', text)], keys)
    run.connection = () => ({ ...connections.share!, name: 'acme-zip' })
    const { files } = await compressStep.run({ ...zip, key: 'acme-zip' }, run)
    const path = join(folder, 'sealed.zip')
    await writeFile(path, await bytesOf(files![0]!))
    t.equal(spawnSync('7z', ['x', '-so', '-pcanary-passphrase', path]).stdout.toString(), text)
    t.not(spawnSync('7z', ['t', '-pother', path]).status, 0)
  },
)
