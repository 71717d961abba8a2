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
