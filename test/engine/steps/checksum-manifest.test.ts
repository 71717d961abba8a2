import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { StepOf } from '../../../engine/core/model.ts'
import { checksumManifestStep } from '../../../engine/steps/checksum-manifest.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { sha256Of } from '../../fakes/endpoints.ts'
import { createStep } from '../../fakes/snapshot.ts'
import { createStepContext, offerFile } from '../../fakes/step-context.ts'

const folder = t.testdir()
const artifacts = createTestArtifacts(folder)
const list: StepOf<'checksum-manifest'> = createStep({
  name: 'list',
  type: 'checksum-manifest',
  from: 'build',
  algorithm: 'sha256',
  fileName: '{client}_{slot:yyyyMMdd}.sha256',
})

async function make(step: StepOf<'checksum-manifest'>, names: string[]): Promise<string> {
  const files = await Promise.all(names.map((name) => offerFile(artifacts, name, `rows of ${name}`)))
  const { files: made } = await checksumManifestStep.run(
    step,
    createStepContext('list', folder, { files, artifacts }),
  )
  t.match(made, [{ fileName: 'acme_20261122.sha256', rows: null, origin: null }])
  const [{ sha256, size }] = made as unknown as [{ sha256: string; size: number }]
  return await readFile(await artifacts.open(sha256, size), 'utf8')
}

t.test('the tools’ format has one line a file, whatever the name', async (t) => {
  const text = await make(list, ['a.csv', 'b\nc.csv', 'd\\e.csv'])
  t.same(text.split('\n'), [
    `${sha256Of(Buffer.from('rows of a.csv'))} *a.csv`,
    `\\${sha256Of(Buffer.from('rows of b\nc.csv'))} *b\\nc.csv`,
    `\\${sha256Of(Buffer.from('rows of d\\e.csv'))} *d\\\\e.csv`,
    '',
  ])
})

t.test('csv and json have sizes; a name is neither a formula nor a new line', async (t) => {
  const csv = await make({ ...list, format: 'csv', algorithm: 'md5' }, ['=cmd.csv', 'a",b.csv'])
  t.match(csv, /^fileName,size,md5\r\n'=cmd\.csv,16,[0-9a-f]{32}\r\n"a"",b\.csv",16,[0-9a-f]{32}\r\n$/)
  const json = JSON.parse(await make({ ...list, format: 'json', algorithm: 'sha512' }, ['=cmd.csv']))
  t.match(json, {
    algorithm: 'sha512',
    files: [{ fileName: '=cmd.csv', size: 16, digest: /^[0-9a-f]{128}$/ }],
  })
})

const skip = spawnSync('sha256sum', ['--version']).error === undefined ? false : 'no sha256sum'
t.test('sha256sum accepts the list, and refuses a damaged file', { skip }, async (t) => {
  const names = ['plain.csv', 'with\nline.csv', 'back\\slash.csv', 'ünï.csv']
  const text = await make(list, names)
  const place = t.testdir()
  for (const name of names) await writeFile(join(place, name), `rows of ${name}`)
  await writeFile(join(place, 'list.sha256'), text)
  t.equal(spawnSync('sha256sum', ['-c', 'list.sha256'], { cwd: place }).status, 0)
  await writeFile(join(place, 'plain.csv'), 'damaged')
  t.equal(spawnSync('sha256sum', ['-c', 'list.sha256'], { cwd: place }).status, 1)
})

t.test('a file that is not what it was is not vouched for', async (t) => {
  const file = await offerFile(artifacts, 'a.csv', 'pay 100')
  await writeFile(await artifacts.open(file.sha256, file.size), 'pay 900')
  const context = createStepContext('list', folder, { files: [file], artifacts })
  await t.rejects(checksumManifestStep.run(list, context), { code: 'ARTIFACT_DAMAGED' })
})
