import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { expectNewIn, liesIn } from '../../../engine/adapters/local-place.ts'

const skip = process.platform === 'linux' ? false : 'only Linux tells where an open file lies'

t.test('a file that was reached by a link is told from one that lies there', { skip }, async (t) => {
  const folder = t.testdir({ inside: { a: 'a' }, outside: { a: 'secret' } })
  const inside = join(folder, 'inside')
  symlinkSync(join(folder, 'outside'), join(folder, 'link'))
  const cases: [string, string, boolean][] = [
    [join(inside, 'a'), inside, true],
    [join(folder, 'link', 'a'), join(folder, 'link'), false],
    [join(folder, 'link', 'a'), inside, false],
  ]
  for (const [path, where, expected] of cases) {
    const file = await open(path, 'r')
    t.equal(await liesIn(file, where), expected, path)
    await file.close()
  }
})

t.test('a new file that came to lie elsewhere is taken away again', { skip }, async (t) => {
  const folder = t.testdir({ inside: {}, outside: {} })
  symlinkSync(join(folder, 'outside'), join(folder, 'link'))
  const away = await open(join(folder, 'link', 'b'), 'wx+')
  await t.rejects(expectNewIn(away, join(folder, 'link')), { code: 'ELOOP' })
  await away.close()
  t.equal(existsSync(join(folder, 'outside/b')), false)
  mkdirSync(join(folder, 'inside/deep'))
  writeFileSync(join(folder, 'outside/c'), 'theirs')
  const there = await open(join(folder, 'inside/deep/b'), 'wx+')
  await expectNewIn(there, join(folder, 'inside/deep'))
  await there.close()
  t.equal(existsSync(join(folder, 'inside/deep/b')), true)
})
