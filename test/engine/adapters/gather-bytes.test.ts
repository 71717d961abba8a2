import { Readable } from 'node:stream'
import t from 'tap'
import { gatherBytes } from '../../../engine/adapters/gather-bytes.ts'

async function gather(pieces: string[], leastBytes: number): Promise<string[]> {
  const gathered: string[] = []
  const source = Readable.from(pieces.map((piece) => Buffer.from(piece)))
  for await (const bytes of gatherBytes(source, leastBytes)) gathered.push(bytes.toString())
  return gathered
}

t.test('pieces are gathered until they are large enough, none is lost or cut', async (t) => {
  t.strictSame(await gather(['a', 'bc', 'd', 'efghi', 'j'], 3), ['abc', 'defghi', 'j'])
  t.strictSame(await gather(['abc'], 3), ['abc'])
  t.strictSame(await gather([], 3), [])
})

t.test('a source that fails fails what is gathered, and one that is left is ended', async (t) => {
  const failing = Readable.from(
    (async function* () {
      yield Buffer.from('abc')
      throw new Error('the disk is gone')
    })(),
  )
  await t.rejects(async () => {
    for await (const bytes of gatherBytes(failing, 10)) t.fail(`gave ${bytes}`)
  }, /the disk is gone/)
  const left = Readable.from([Buffer.from('abc'), Buffer.from('def')])
  for await (const _ of gatherBytes(left, 2)) break
  t.ok(left.destroyed)
})
