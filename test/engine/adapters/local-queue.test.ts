import t from 'tap'
import { createLocalQueue } from '../../../engine/adapters/local-queue.ts'
import type { QueuedRun } from '../../../engine/core/contracts/queue.ts'
import { createManualClock } from '../../fakes/clock.ts'

const start = Date.parse('2026-11-22T12:00:00Z')
const instant = (second: number): string => new Date(start + second * 1000).toISOString()

function createRun(id: string, changes: Partial<QueuedRun> = {}): QueuedRun {
  const due = { dueAt: instant(0), createdAt: instant(0) }
  return { id, client: 'acme', ...due, group: null, hasBegun: false, connections: [], ...changes }
}

/** A queue whose runs end when the test says so; `begun` are those that were begun, in order. */
function createStage(limits: Parameters<ReturnType<typeof createLocalQueue>['limit']>[0]) {
  const queue = createLocalQueue(createManualClock(instant(0)))
  const begun: string[] = []
  const signals = new Map<string, AbortSignal>()
  const settle = new Map<string, () => void>()
  queue.work(
    limits,
    (run, signal) => {
      begun.push(run.id)
      signals.set(run.id, signal)
      return new Promise((resolve) => settle.set(run.id, resolve))
    },
    () => undefined,
  )
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return {
    queue,
    begun,
    signals,
    /** The run has ended. */
    async end(id: string): Promise<void> {
      queue.end(id)
      settle.get(id)?.()
      await turn()
    },
    /** It waits for its next attempt. */
    async rest(id: string): Promise<void> {
      settle.get(id)?.()
      await turn()
    },
  }
}

t.test('within a client the run that was due first begins first, whatever came first', async (t) => {
  const { queue, begun, end } = createStage({ runs: 1 })
  queue.send(createRun('now'))
  queue.send(createRun('b', { dueAt: instant(2), createdAt: instant(9) }))
  queue.send(createRun('c', { dueAt: instant(2), createdAt: instant(10) }))
  queue.send(createRun('a', { dueAt: instant(1), createdAt: instant(11) }))
  for (const id of ['now', 'a', 'b', 'c']) await end(id)
  t.same(begun, ['now', 'a', 'b', 'c'])
})

t.test('clients take turns, however many runs one of them has', async (t) => {
  const { queue, begun, end } = createStage({ runs: 1 })
  for (let count = 0; count < 5; count += 1) queue.send(createRun(`acme-${count}`))
  for (const client of ['beta', 'core']) queue.send(createRun(client, { client, dueAt: instant(60) }))
  for (let count = 0; count < 7; count += 1) await end(begun.at(-1) as string)
  t.same(begun.slice(0, 4), ['acme-0', 'beta', 'core', 'acme-1'])
})

t.test("a run that its group or connection holds up holds up nothing of its client's", async (t) => {
  const { queue, begun, end } = createStage({ runs: 9, runsPerConnection: 1 })
  const group = { name: 'acme/g', limit: 1 }
  queue.send(createRun('g1', { group }))
  queue.send(createRun('g2', { group }))
  queue.send(createRun('s1', { connections: ['sftp'] }))
  queue.send(createRun('s2', { connections: ['sftp'], client: 'beta' }))
  queue.send(createRun('free', { dueAt: instant(60) }))
  t.same(begun, ['g1', 's1', 'free'])
  await end('s1')
  await end('g1')
  t.same(begun.slice(3), ['s2', 'g2'])
})

t.test('a client is held to its own limit, and others go on', async (t) => {
  const { queue, begun, end } = createStage({ runs: 9, runsPerClient: 2 })
  for (const id of ['a1', 'a2', 'a3']) queue.send(createRun(id))
  queue.send(createRun('b1', { client: 'beta' }))
  t.same(begun, ['a1', 'a2', 'b1'])
  await end('a1')
  t.same(begun.slice(3), ['a3'])
})

t.test("a waiting run keeps its group's place, and gives back all other lanes", async (t) => {
  const { queue, begun, end, rest } = createStage({ runs: 1, runsPerClient: 1, runsPerConnection: 1 })
  const group = { name: 'acme/g', limit: 1 }
  queue.send(createRun('g1', { group, connections: ['sftp'] }))
  queue.send(createRun('g2', { group, connections: ['sftp'] }))
  queue.send(createRun('other', { connections: ['sftp'], dueAt: instant(60) }))
  await rest('g1')
  t.same(begun, ['g1', 'other'])
  queue.send(createRun('g1', { group, hasBegun: true, connections: ['sftp'] }))
  await end('other')
  t.same(begun.slice(2), ['g1'], 'it comes back before the one that waits for its place')
  await end('g1')
  t.same(begun.slice(3), ['g2'])
})

t.test("over a restart a run that had begun holds its group's place", async (t) => {
  const { queue, begun, end } = createStage({ runs: 1 })
  const group = { name: 'acme/g', limit: 1 }
  queue.send(createRun('first', { client: 'beta' }))
  queue.send(createRun('g1', { group }))
  queue.send(createRun('g2', { group, hasBegun: true, dueAt: instant(60) }))
  await end('first')
  t.same(begun, ['first', 'g2'])
})

t.test('the smallest limit that a member gives holds, as long as that one has not ended', async (t) => {
  const { queue, begun, end } = createStage({ runs: 9 })
  const group = (limit: number) => ({ group: { name: 'acme/g', limit } })
  queue.send(createRun('one', group(1)))
  queue.send(createRun('two', group(3)))
  queue.send(createRun('three', group(3)))
  t.same(begun, ['one'])
  await end('one')
  t.same(begun, ['one', 'two', 'three'])
})

t.test('a run goes on to a connection only where there is room, and then frees the last one', async (t) => {
  const { queue, begun } = createStage({ runs: 9, runsPerConnection: 1 })
  queue.send(createRun('a', { connections: ['one'] }))
  queue.send(createRun('b', { connections: ['two'] }))
  queue.send(createRun('c', { connections: ['one'] }))
  t.notOk(queue.move('a', ['two']))
  t.same(begun, ['a', 'b'], 'nothing changed')
  t.ok(queue.move('a', []))
  t.same(begun, ['a', 'b', 'c'])
  t.notOk(queue.move('a', ['one']), 'c has it now')
})

t.test('other limits hold from now on', async (t) => {
  const { queue, begun } = createStage({ runs: 1, runsPerClient: 1, runsPerConnection: 1 })
  for (const id of ['a', 'b', 'c']) queue.send(createRun(id, { connections: ['sftp'] }))
  queue.limit({ runs: 9, runsPerClient: 2 })
  t.same(begun, ['a', 'b'])
  queue.limit({ runs: 9 })
  t.same(begun, ['a', 'b', 'c'])
})

t.test('all that one lane held up may begin when it has room for all', async (t) => {
  const { queue, begun } = createStage({ runs: 9, runsPerConnection: 1 })
  for (const id of ['a', 'b', 'c', 'd']) {
    queue.send(createRun(id, { connections: ['sftp'], group: { name: `acme/${id}`, limit: 1 } }))
  }
  t.same(begun, ['a'])
  queue.limit({ runs: 9, runsPerConnection: 3 })
  t.same(begun, ['a', 'b', 'c'])
})

t.test('a run that is held up does not lose its turn by what its client does meanwhile', async (t) => {
  const { queue, begun, end } = createStage({ runs: 2, runsPerConnection: 1 })
  const connections = ['sftp']
  for (let count = 0; count < 4; count += 1)
    queue.send(createRun(`b-${count}`, { client: 'beta', connections }))
  queue.send(createRun('held-up', { connections }))
  for (let count = 0; count < 9; count += 1) queue.send(createRun(`a-${count}`, { dueAt: instant(60) }))
  for (const id of ['a-0', 'b-0']) await end(id)
  t.same(begun, ['b-0', 'a-0', 'a-1', 'held-up'])
})

t.test('a run that ends while it waits never begins, one that is worked on is told', async (t) => {
  const { queue, begun, signals } = createStage({ runs: 1 })
  for (const id of ['a', 'b', 'c']) queue.send(createRun(id))
  queue.end('b', new Error('cancelled'))
  queue.end('a', new Error('cancelled'))
  t.match(signals.get('a')?.reason, { message: 'cancelled' })
  t.same(begun, ['a', 'c'])
  t.same(queue.size(), { waiting: 0, working: 1 })
})

t.test('whoever is given up on holds no lane, and does not end the run for the next one', async (t) => {
  const { queue, begun, rest, signals } = createStage({ runs: 1 })
  queue.send(createRun('a'))
  const [first] = [rest]
  const old = signals.get('a')
  queue.abandon('a', new Error('stuck'))
  t.ok(old?.aborted)
  t.same(queue.size(), { waiting: 0, working: 0 })
  queue.send(createRun('a'))
  t.same(begun, ['a', 'a'])
  await first('none')
  t.same(queue.size(), { waiting: 0, working: 1 })
})

t.test('a drain begins nothing more, and aborts what outlives its grace', async (t) => {
  const clock = createManualClock(instant(0))
  const queue = createLocalQueue(clock)
  const aborted: string[] = []
  const handler = (run: QueuedRun, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) =>
      signal.addEventListener('abort', () => {
        aborted.push(run.id)
        resolve()
      }),
    )
  queue.work({ runs: 1 }, handler, () => undefined)
  queue.send(createRun('a'))
  queue.send(createRun('b'))
  const drained = queue.drain(30_000)
  await clock.advance(29_000)
  t.same(aborted, [])
  await clock.advance(1_000)
  await drained
  t.same(aborted, ['a'])
  t.same(queue.size(), { waiting: 1, working: 0 })
})

/** The same numbers each time. */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function createCrowd(random: (below: number) => number): Map<string, QueuedRun> {
  const crowd = new Map<string, QueuedRun>()
  for (let index = 0; index < 10_000; index += 1) {
    const clientIndex = random(40)
    const client = `client-${clientIndex}`
    // The first 15 clients have two groups each, and a group has one connection.
    const groupIndex = clientIndex < 15 && random(2) === 0 ? clientIndex * 2 + random(2) : -1
    const connection = groupIndex >= 0 ? groupIndex % 5 : random(10)
    const run = createRun(`run-${index}`, {
      client,
      dueAt: instant(random(3_600)),
      createdAt: instant(index),
      group: groupIndex >= 0 ? { name: `${client}/${groupIndex}`, limit: 1 + (groupIndex % 3) } : null,
      connections: connection < 5 ? [`connection-${connection}`] : [],
    })
    crowd.set(run.id, run)
  }
  return crowd
}

t.test(
  '10,000 runs keep every limit and their order, and no client waits for more than three rounds',
  async (t) => {
    const random = createRandom(7)
    const crowd = createCrowd(random)
    const limits = { runs: 64, runsPerClient: 4, runsPerConnection: 8 }
    const clock = createManualClock(instant(3_600))
    const queue = createLocalQueue(clock)
    const counts = new Map<string, number>()
    const holders = new Map<string, Set<string>>()
    const broken: string[] = []
    const lastOf = new Map<string, string>()
    const begunOf = new Map<string, number>()
    const freeOf = new Map<string, number>()
    const waitedSince = new Map<string, number>()
    const again = new Set<string>()
    let begins = 0
    let longestWait = 0
    let ended = 0
    let waits = 0

    const add = (key: string, by: number, limit: number): void => {
      const count = (counts.get(key) ?? 0) + by
      counts.set(key, count)
      if (count > limit) broken.push(`${key} has ${count}`)
    }
    const isFree = (run: QueuedRun) => run.group === null && run.connections.length === 0
    const occupy = (run: QueuedRun, by: 1 | -1): void => {
      add('all', by, limits.runs)
      add(run.client, by, limits.runsPerClient)
      for (const name of run.connections) add(name, by, limits.runsPerConnection)
    }
    const keepsOrder = (run: QueuedRun): void => {
      // A run that comes back after a wait is earlier than those begun meanwhile.
      if (again.has(run.id)) return
      const lane = `${run.client} ${run.group?.name} ${run.connections}`
      const order = `${run.dueAt} ${run.createdAt}`
      if (order < (lastOf.get(lane) ?? '')) broken.push(`${run.id} begins after a later one`)
      lastOf.set(lane, order)
    }
    /** A client that could begin something waits while others begin: counted in their begins. */
    const countWaits = (run: QueuedRun): void => {
      begins += 1
      waitedSince.set(run.client, begins)
      if (isFree(run) && !again.has(run.id)) freeOf.set(run.client, (freeOf.get(run.client) ?? 0) - 1)
      for (const [client, free] of freeOf) {
        const couldBegin = free > 0 && (counts.get(client) ?? 0) < limits.runsPerClient
        if (!couldBegin) waitedSince.set(client, begins)
        longestWait = Math.max(longestWait, begins - (waitedSince.get(client) ?? 0))
      }
    }

    const never = new AbortController().signal
    const handler = async (run: QueuedRun): Promise<void> => {
      occupy(run, 1)
      if (run.group) {
        const held = holders.get(run.group.name) ?? new Set()
        holders.set(run.group.name, held.add(run.id))
        if (held.size > run.group.limit) broken.push(`${run.group.name} is held by ${held.size}`)
      }
      keepsOrder(run)
      countWaits(run)
      begunOf.set(run.client, (begunOf.get(run.client) ?? 0) + 1)
      await clock.sleep(1 + random(60_000), never)
      occupy(run, -1)
      if (!again.has(run.id) && random(20) === 0) {
        again.add(run.id)
        waits += 1
        void clock.sleep(30_000, never).then(() => queue.send({ ...run, hasBegun: true }))
        return
      }
      if (run.group) holders.get(run.group.name)?.delete(run.id)
      ended += 1
      queue.end(run.id)
    }
    for (const run of crowd.values()) {
      if (isFree(run)) freeOf.set(run.client, (freeOf.get(run.client) ?? 0) + 1)
      queue.send(run)
    }
    const began = performance.now()
    queue.work(limits, handler, (id, error) => broken.push(`${id}: ${error}`))
    while (ended < crowd.size) {
      await clock.asleep()
      await clock.advance(60_000)
    }
    t.same(broken, [], 'each limit holds at each begin, and each lane is in order')
    t.equal(ended, 10_000)
    t.ok(waits > 300, 'many of them waited for another attempt')
    t.ok(longestWait <= 3 * 40, `a client that could begin waited for ${longestWait} begins of others`)
    t.same(queue.size(), { waiting: 0, working: 0 })
    t.comment(`${Math.round(performance.now() - began)} ms`)
  },
)

t.test(
  'a run is admitted only where it would begin at once, and takes nothing where it would not',
  async (t) => {
    const { queue, begun, end } = createStage({ runs: 2, runsPerClient: 2, runsPerConnection: 1 })
    const on = (id: string, changes: Partial<QueuedRun> = {}) =>
      createRun(id, { connections: ['sftp'], ...changes })
    const first = queue.admit(on('a'))
    t.ok(first)
    t.same(queue.size(), { waiting: 0, working: 1 })
    t.equal(queue.admit(on('a')), undefined, 'not twice')
    t.equal(queue.admit(on('b')), undefined, 'its connection has no room')
    t.same(queue.size(), { waiting: 0, working: 1 })
    t.ok(queue.admit(createRun('c')))
    t.equal(queue.admit(createRun('d')), undefined, 'no lane is left')
    t.same(begun, [], 'nobody works on what is not recorded')
    first?.begin()
    t.same(begun, ['a'])
    queue.send(on('waiting'))
    await end('a')
    t.same(begun, ['a', 'waiting'], 'its lanes go to who waits')
  },
)

t.test('what an admitted run held goes to who waits when it is withdrawn or cancelled', async (t) => {
  const { queue, begun } = createStage({ runs: 1 })
  const lost = queue.admit(createRun('lost'))
  queue.send(createRun('a'))
  t.same(begun, [])
  lost?.withdraw()
  t.same(begun, ['a'])
  queue.end('a')
  const cancelled = queue.admit(createRun('cancelled'))
  queue.send(createRun('b'))
  queue.end('cancelled', new Error('cancelled'))
  t.same(begun, ['a', 'b'])
  cancelled?.begin()
  t.same(begun, ['a', 'b'], 'nobody works on what has ended')
  t.same(queue.size(), { waiting: 0, working: 1 })
})

t.test(
  'nothing is admitted before the queue works or while it drains, which waits for what was',
  async (t) => {
    const clock = createManualClock(instant(0))
    const queue = createLocalQueue(clock)
    t.equal(queue.admit(createRun('early')), undefined)
    let finish: () => void = () => undefined
    const handler = () => new Promise<void>((resolve) => (finish = resolve))
    queue.work({ runs: 3 }, handler, () => undefined)
    const [begun, withdrawn] = [queue.admit(createRun('begun')), queue.admit(createRun('withdrawn'))]
    let isOver = false
    const drained = queue.drain(30_000).then(() => (isOver = true))
    t.equal(queue.admit(createRun('late')), undefined)
    withdrawn?.withdraw()
    begun?.begin()
    await clock.advance(0)
    t.notOk(isOver, 'it is worked on')
    finish()
    await drained
    t.same(queue.size(), { waiting: 0, working: 0 })
  },
)
