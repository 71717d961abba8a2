import { hash, randomBytes } from 'node:crypto'
import { readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readToSend, SMALL_BYTES } from '../../../engine/adapters/read-to-send.ts'
import { newFolder } from '../../contracts/file-trees.ts'

const chunkBytes = 10_000
/** Read at once, and about the bounds of what one read brings. */
const sizes = [0, 1, 9_999, 10_000, SMALL_BYTES, SMALL_BYTES + 1, 79_999, 80_000, 80_001, 120_000, 1_000_000]
const damaged = { code: 'ARTIFACT_DAMAGED' }

async function artifactOf(t: Test, bytes: Buffer) {
  const localPath = join(await newFolder(t), 'artifact')
  await writeFile(localPath, bytes)
  return { localPath, size: bytes.length, sha256: hash('sha256', bytes) }
}

async function readChunks(artifact: Parameters<typeof readToSend>[0]): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  for await (const chunk of readToSend(artifact, chunkBytes)) chunks.push(Buffer.from(chunk))
  return chunks
}

t.test('an artifact of any size comes whole, in chunks that are full but for the last', async (t) => {
  for (const size of sizes) {
    const bytes = randomBytes(size)
    const chunks = await readChunks(await artifactOf(t, bytes))
    t.ok(Buffer.concat(chunks).equals(bytes), `${size} bytes`)
    t.equal(chunks.length, Math.ceil(size / chunkBytes))
    t.ok(chunks.slice(0, -1).every(({ length }) => length === chunkBytes))
  }
})

for (const size of [1_000, 500_000]) {
  t.test(`what is not the artifact of ${size} bytes is told`, async (t) => {
    const bytes = randomBytes(size)
    const artifact = await artifactOf(t, bytes)
    const changed = Buffer.from(bytes)
    changed[size - 1]! ^= 1
    for (const other of [changed, bytes.subarray(1), Buffer.concat([bytes, bytes]), Buffer.alloc(0)]) {
      await writeFile(artifact.localPath, other)
      await t.rejects(readChunks(artifact), damaged)
    }
    await writeFile(artifact.localPath, bytes)
    const folder = await newFolder(t)
    await symlink(artifact.localPath, join(folder, 'link'))
    for (const name of ['link', 'none'])
      await t.rejects(readChunks({ ...artifact, localPath: join(folder, name) }), damaged)
    t.equal((await readChunks(artifact)).length, Math.ceil(size / chunkBytes), 'and what is, is read again')
  })
}

t.test('a small one that is damaged sends nothing', async (t) => {
  const artifact = await artifactOf(t, randomBytes(30_000))
  await writeFile(artifact.localPath, randomBytes(30_000))
  const reading = readToSend(artifact, chunkBytes)
  await t.rejects(reading.next(), damaged)
})

t.test('of one that is too long no more is read than it should have', async (t) => {
  const bytes = randomBytes(500_000)
  const artifact = await artifactOf(t, Buffer.concat([bytes, bytes]))
  let read = 0
  const reading = async () => {
    for await (const chunk of readToSend({ ...artifact, size: bytes.length }, chunkBytes))
      read += chunk.length
  }
  await t.rejects(reading(), damaged)
  t.equal(read, bytes.length)
})

const ownFiles = '/proc/self/fd'
const noOwnFiles = await readdir(ownFiles).then(
  () => false as const,
  () => `no ${ownFiles}`,
)

t.test('one that is read no further is closed', { skip: noOwnFiles }, async (t) => {
  const artifact = await artifactOf(t, randomBytes(500_000))
  const count = async () => (await readdir(ownFiles)).length
  const before = await count()
  for (let time = 0; time < 5; time++)
    for await (const chunk of readToSend(artifact, chunkBytes)) if (chunk.length > 0) break
  t.equal(await count(), before)
})
