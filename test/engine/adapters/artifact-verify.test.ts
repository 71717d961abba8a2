import { readFileSync, rmSync, writeFileSync } from 'node:fs'
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
