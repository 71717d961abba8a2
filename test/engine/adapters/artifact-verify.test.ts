import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createArtifactFolder } from '../../../engine/adapters/artifact-folder.ts'

t.test('verify reads every byte: what open takes for whole may be damaged', async (t) => {
  const root = t.testdir({})
  const artifacts = await createArtifactFolder(root)
  const scratch = await artifacts.scratch()
  const bytes = Buffer.alloc(3_000_000, 'x')
  writeFileSync(scratch, bytes)
  const { sha256, size } = await artifacts.adopt(scratch)
  await artifacts.verify(sha256, size)
  const path = join(root, sha256.slice(0, 2), sha256)
  const damaged = readFileSync(path)
  damaged[damaged.length - 1]! ^= 1
  writeFileSync(path, damaged)
  await artifacts.open(sha256, size)
  await t.rejects(artifacts.verify(sha256, size), { code: 'ARTIFACT_DAMAGED' })
  writeFileSync(path, bytes)
  await t.rejects(artifacts.verify(sha256, size + 1), { code: 'ARTIFACT_DAMAGED' })
  rmSync(path)
  await t.rejects(artifacts.verify(sha256, size), { code: 'ARTIFACT_DAMAGED' })
  await t.rejects(artifacts.verify('../engine.lock', 1), { code: 'ARTIFACT_DAMAGED' })
})

/** Limits of this process; a large one would take too long to use up. */
const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } }
const allowed = Number(userLimits?.open_files?.soft)
const skip = allowed <= 65_536 ? false : 'too many open files are allowed here'

t.test('a file that the limits let nobody read is not taken for damaged', { skip }, async (t) => {
  const root = t.testdir({})
  const artifacts = await createArtifactFolder(root)
  const scratch = await artifacts.scratch()
  writeFileSync(scratch, 'whole')
  const { sha256, size } = await artifacts.adopt(scratch)
  const taken: number[] = []
  const full = () => {
    for (;;) taken.push(openSync(root, 'r'))
  }
  t.throws(full, { code: 'EMFILE' })
  const error = await artifacts.verify(sha256, size).catch((thrown: unknown) => thrown)
  for (const file of taken) closeSync(file)
  t.match(error, { code: 'STORAGE_FAILED', details: { reason: 'EMFILE' } })
  await artifacts.verify(sha256, size)
})
