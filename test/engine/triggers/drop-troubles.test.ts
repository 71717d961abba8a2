/** Writers, servers and runs at their worst moment: no posted file is lost, and none keeps another waiting. */
import t from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import { stageDrop } from '../../fakes/drop-stage.ts'
import { createMemoryFiles } from '../../fakes/endpoints.ts'

const moved = { complete: 'renamed', archive: '/archive', error: '/error' } as const

t.test('a file that cannot be moved to the archive keeps no other one there', async (t) => {
  const drop = stageDrop(t, moved)
  drop.remote.drop('/drop/a.csv', 'one', 1000)
  await drop.begin()
  drop.host.clock.jump(1000)
  drop.remote.drop('/drop/b.csv', 'two', 1000)
  await drop.live(10)
  const stuck = drop.paths().find((path) => drop.text(path) === 'one')
  drop.remote.before = (call) => {
    if (call !== `move ${stuck}`) return
    throw new JobsdError('TARGET_REFUSED', { connection: 'acme-sftp', path: String(stuck), reason: 'no' })
  }
  await drop.endRuns()
  await drop.live(20)
  t.same(drop.paths(), ['/archive/b.csv', stuck])
  t.equal(drop.host.log.lines.filter((line) => line.includes('cannot move a file')).length, 1)
  drop.remote.before = () => undefined
  await drop.live(10)
  t.same(drop.paths(), ['/archive/a.csv', '/archive/b.csv'])
})

t.test('a newer file that takes the name just before the old one is archived has its own run', async (t) => {
  const drop = stageDrop(t, { complete: 'renamed', archive: '/archive' })
  drop.remote.drop('/drop/a.csv', 'one', 1000)
  await drop.begin()
  let isReplaced = false
  drop.remote.before = (call) => {
    if (call !== 'move /drop/a.csv' || isReplaced) return
    isReplaced = true
    drop.remote.drop('/drop/a.csv', 'newer', 2000)
  }
  await drop.endRuns()
  await drop.live(20)
  t.same(
    drop.host.dues.map(({ file }) => file?.size),
    [3, 5],
  )
  t.same(drop.paths(), ['/drop/a.csv'], 'the old one was overwritten, and the newer one waits for its run')
  await drop.endRuns()
  await drop.live(10)
  t.same(drop.text('/archive/a.csv'), 'newer')
})

t.test('a newer file that is claimed in place of the one that was listed is taken itself', async (t) => {
  const remote = createMemoryFiles()
  const { move } = remote
  let isFirst = true
  let givenBack = 0
  remote.move = async (from, to, overwrite, signal) => {
    if (to === '/drop/a.csv') givenBack += 1
    const isClaim = isFirst && from === '/drop/a.csv'
    isFirst &&= !isClaim
    // Renamed over the listed one just before the claim, and a third one posted just after it.
    if (isClaim) remote.drop('/drop/a.csv', 'newer', 2000)
    await move(from, to, overwrite, signal)
    if (isClaim) remote.drop('/drop/a.csv', 'newest one', 3000)
  }
  const drop = stageDrop(t, moved, { remote })
  remote.drop('/drop/a.csv', 'one', 1000)
  await drop.begin()
  for (let round = 0; round < 3; round++) {
    await drop.live(20)
    await drop.endRuns()
  }
  t.same(
    drop.host.dues.map(({ file }) => file?.size),
    [5, 10],
    'each whole file has its run',
  )
  await drop.live(20)
  t.same(
    drop.paths().filter((path) => !path.startsWith('/archive/')),
    [],
    'none is refused or left behind',
  )
  t.equal(givenBack, 0, 'a name that its writer saw free stays free')
})

for (const complete of ['renamed', 'companion'] as const)
  t.test(`a server that changes times with a rename takes files that are ${complete}, once`, async (t) => {
    const remote = createMemoryFiles()
    const { move } = remote
    remote.move = async (from, to, overwrite, signal) => {
      await move(from, to, overwrite, signal)
      const file = remote.files.get(to)
      if (file) remote.files.set(to, { ...file, mtimeMs: file.mtimeMs + 1000 })
    }
    const drop = stageDrop(t, { ...moved, complete, match: ['*.csv'] }, { remote })
    remote.drop('/drop/a.csv', 'one', 1000)
    if (complete === 'companion') remote.drop('/drop/a.csv.done', '', 1000)
    await drop.begin()
    await drop.live(30)
    await drop.endRuns()
    await drop.live(20)
    t.same(drop.names(), ['a.csv'])
    t.same(
      drop.paths(),
      complete === 'renamed' ? ['/archive/a.csv'] : ['/archive/a.csv', '/archive/a.csv.done'],
    )
  })

t.test(
  'content whose run failed is taken when it comes again; content that went through is not',
  async (t) => {
    const drop = stageDrop(t, { ...moved, onSameContent: 'skip' })
    drop.remote.drop('/drop/a.csv', 'same', 1000)
    await drop.begin()
    await drop.endRuns('failed')
    drop.remote.drop('/drop/b.csv', 'same', 2000)
    await drop.live(20)
    t.same(drop.names(), ['a.csv', 'b.csv'])
    await drop.endRuns()
    drop.remote.drop('/drop/c.csv', 'same', 3000)
    await drop.live(20)
    t.same(drop.names(), ['a.csv', 'b.csv'])
  },
)
