import t from 'tap'
import type { QueuedRun } from '../../../engine/core/contracts/queue.ts'
import { createLanes } from '../../../engine/core/lanes.ts'

function createRun(
  id: string,
  client: string,
  second: number,
  connections: string[],
  group?: string,
): QueuedRun {
  const at = `2026-01-01T00:00:0${second}.000Z`
  const member = group === undefined ? null : { name: group, limit: 1 }
  return { id, client, dueAt: at, createdAt: at, group: member, hasBegun: false, connections }
}

t.test(
  'when a woken run goes without having begun, the next one at the same connection may begin',
  async (t) => {
    const lanes = createLanes({ runs: 2, runsPerConnection: 1 })
    const taken = (): string[] => {
      const ids: string[] = []
      for (let run = lanes.take(); run; run = lanes.take()) ids.push(run.id)
      return ids
    }
    lanes.add(createRun('first', 'acme', 0, ['sftp']))
    t.same(taken(), ['first'])
    lanes.add(createRun('woken', 'acme', 1, ['sftp'], 'acme/one'))
    lanes.add(createRun('behind', 'acme', 2, ['sftp'], 'acme/two'))
    t.same(taken(), [], 'the connection is full')
    lanes.add(createRun('others', 'borealis', 3, []))
    lanes.add(createRun('more', 'cobalt', 4, []))
    t.same(taken(), ['others'])
    lanes.end('first')
    t.same(taken(), ['more'], 'all places are taken before the woken one can begin')
    lanes.end('woken')
    for (const id of ['others', 'more']) lanes.end(id)
    t.same(taken(), ['behind'])
  },
)

t.test('runs that are admitted begin in the very order in which they would have been taken', async (t) => {
  let seed = 1
  const pick = (count: number): number => {
    seed = (seed * 48271) % 0x7fffffff
    return seed % count
  }
  let admitted = 0
  for (let game = 0; game < 300; game += 1) {
    const limits = { runs: 1 + pick(4), runsPerClient: 1 + pick(3), runsPerConnection: 1 + pick(2) }
    const sides = [true, false].map((admits) => ({
      admits,
      lanes: createLanes(limits),
      begun: [] as string[],
    }))
    const working: string[] = []
    let known = 0
    const connections = [[], ['sftp'], ['s3'], ['sftp', 's3']]
    for (let move = 0; move < 40; move += 1) {
      const [isEnd, place] = [pick(3) === 0, pick(100)]
      const ended = isEnd && working.length > 0 ? working.splice(place % working.length, 1)[0] : undefined
      const group = pick(4) === 0 ? `acme/${pick(2)}` : undefined
      const run = createRun(`r${move}`, `c${pick(3)}`, pick(9), connections[pick(4)]!, group)
      for (const { admits, lanes, begun } of sides) {
        if (ended) lanes.end(ended)
        else if (admits && lanes.admit(run)) {
          begun.push(run.id)
          admitted += 1
        } else lanes.add(run)
        for (let next = lanes.take(); next; next = lanes.take()) begun.push(next.id)
      }
      const [mine = [], theirs = []] = sides.map(({ begun }) => begun)
      if (mine.join() !== theirs.join()) return t.same(mine, theirs, `game ${game}, move ${move}`)
      working.push(...mine.slice(known))
      known = mine.length
    }
  }
  t.ok(admitted > 1_000, `${admitted} were admitted`)
})

t.test('nothing is admitted past a run that can begin, and nothing of a group', async (t) => {
  const lanes = createLanes({ runs: 3 })
  lanes.add(createRun('waiting', 'acme', 0, []))
  t.notOk(lanes.admit(createRun('late', 'borealis', 1, [])))
  t.equal(lanes.take()?.id, 'waiting')
  t.notOk(lanes.admit(createRun('member', 'acme', 1, [], 'acme/one')))
  t.ok(lanes.admit(createRun('late', 'borealis', 1, [])))
})
