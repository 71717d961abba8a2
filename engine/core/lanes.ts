/** Which run begins next: pure. Lanes are all runs, a client, a group and a connection; each has its room. */
import type { LaneLimits, QueuedRun } from './contracts/queue.ts'
import { createHeap, type Heap } from './heap.ts'

/**
 * Runs of one client that need the same lanes are a bucket, in the order of their due moments. A bucket that meets a full
 * lane is parked there, and looked at again when that lane has room: no run is looked at in vain more than once.
 */
interface Bucket {
  key: string
  client: Client
  lanes: Lane[]
  runs: Heap<Entry>
  parkedOn: Lane | null
  /** The turn that its client had when the bucket was held up: it is not lost by what others of the client do meanwhile. */
  turn: number | null
}

interface Client {
  working: number
  /** When it was last served: the one longest ago is next. */
  turn: number
  ready: Heap<Bucket>
}

interface Lane {
  used: number
  room(): boolean
  parked: Map<Client, Heap<Bucket>>
}

interface Group extends Lane {
  /** The runs of it that have not ended. */
  members: Set<string>
  /** How many of them give which limit. */
  limits: Map<number, number>
}

interface Entry {
  run: QueuedRun
  order: number
  state: 'waiting' | 'working' | 'resting'
  holdsGroup: boolean
  /** Those whose room it takes while it is worked on. */
  connections: string[]
  bucket: Bucket | null
}

export interface Lanes {
  limit(limits: LaneLimits): void
  /** It waits for its lanes, unless it does already or is worked on. */
  add(run: QueuedRun): void
  /** The run that begins now, its lanes taken; undefined while none can. */
  take(): QueuedRun | undefined
  /**
   * Takes the lanes of a run of no group that is new, as `add` and `take` would; false where it would have to wait, or one
   * that waits already can begin.
   */
  admit(run: QueuedRun): boolean
  /** It is worked on no more: gives back its lanes, but not its group's place. */
  rest(runId: string): void
  /** It goes on to other connections; false where they have no room. */
  move(runId: string, connections: string[]): boolean
  /** It has ended, wherever it was. */
  end(runId: string): void
  members(group: string): string[]
  waiting(): number
}

export function createLanes(first: LaneLimits): Lanes {
  let limits = first
  let working = 0
  let waiting = 0
  let orders = 0
  let turns = 0
  const entries = new Map<string, Entry>()
  const clients = new Map<string, Client>()
  const groups = new Map<string, Group>()
  const connections = new Map<string, Lane>()
  const buckets = new Map<string, Bucket>()
  /** The clients that have something ready and room for it. */
  const ring = createHeap(isClientBefore)

  function clientOf(name: string): Client {
    let client = clients.get(name)
    if (!client) {
      client = { working: 0, turn: 0, ready: createHeap(isBucketBefore) }
      clients.set(name, client)
    }
    return client
  }

  function connectionLane(name: string): Lane {
    let lane = connections.get(name)
    if (!lane) {
      const made: Lane = {
        used: 0,
        room: () => made.used < (limits.runsPerConnection ?? Number.POSITIVE_INFINITY),
        parked: new Map(),
      }
      lane = made
      connections.set(name, made)
    }
    return lane
  }

  function join(entry: Entry): void {
    const { group, id } = entry.run
    if (!group) return
    const lane = groups.get(group.name) ?? createGroup()
    groups.set(group.name, lane)
    lane.members.add(id)
    lane.limits.set(group.limit, (lane.limits.get(group.limit) ?? 0) + 1)
  }

  function leave({ run: { group, id }, holdsGroup }: Entry): void {
    const lane = group && groups.get(group.name)
    if (!lane) return
    lane.members.delete(id)
    const others = (lane.limits.get(group.limit) ?? 1) - 1
    if (others > 0) lane.limits.set(group.limit, others)
    else lane.limits.delete(group.limit)
    if (holdsGroup) lane.used -= 1
    if (lane.members.size === 0) groups.delete(group.name)
    else reopen(lane)
  }

  function lanesOf({ run, holdsGroup }: Entry): Lane[] {
    const group = run.group && !holdsGroup ? groups.get(run.group.name) : undefined
    return [...(group ? [group] : []), ...run.connections.map(connectionLane)]
  }

  function bucketOf(entry: Entry): Bucket {
    const { client, group, connections: names } = entry.run
    const key = JSON.stringify([client, entry.holdsGroup ? null : (group?.name ?? null), ...names])
    let bucket = buckets.get(key)
    if (!bucket) {
      const runs = createHeap(isEntryBefore)
      bucket = { key, client: clientOf(client), lanes: lanesOf(entry), runs, parkedOn: null, turn: null }
      buckets.set(key, bucket)
    }
    return bucket
  }

  /** To its place, after its runs or its lanes have changed. */
  function place(bucket: Bucket): void {
    const { client, parkedOn } = bucket
    const parked = parkedOn?.parked.get(client)
    if (bucket.runs.size() === 0) {
      buckets.delete(bucket.key)
      client.ready.delete(bucket)
      parked?.delete(bucket)
      if (parked?.size() === 0) parkedOn?.parked.delete(client)
    } else if (parkedOn && !parkedOn.room()) parked?.set(bucket)
    else {
      parked?.delete(bucket)
      if (parked?.size() === 0) parkedOn?.parked.delete(client)
      bucket.parkedOn = null
      client.ready.set(bucket)
    }
    placeClient(client)
  }

  function placeClient(client: Client): void {
    const hasRoom = client.working < (limits.runsPerClient ?? Number.POSITIVE_INFINITY)
    if (client.ready.size() > 0 && hasRoom) ring.set(client)
    else ring.delete(client)
  }

  function park(bucket: Bucket, lane: Lane): void {
    const { client } = bucket
    client.ready.delete(bucket)
    bucket.parkedOn = lane
    bucket.turn ??= client.turn
    const parked = lane.parked.get(client) ?? createHeap(isBucketBefore)
    lane.parked.set(client, parked)
    parked.set(bucket)
    for (const other of bucket.lanes) reopenFor(other, client)
    placeClient(client)
  }

  /** Of each client the oldest that is parked here may try; when it is done with, the next one. */
  function reopen(lane: Lane): void {
    if (!lane.room()) return
    for (const client of [...lane.parked.keys()]) reopenFor(lane, client)
  }

  function reopenFor(lane: Lane, client: Client): void {
    const bucket = lane.room() ? lane.parked.get(client)?.first() : undefined
    if (bucket) place(bucket)
  }

  function begin(bucket: Bucket): QueuedRun {
    const { client } = bucket
    const entry = bucket.runs.first()!
    bucket.runs.delete(entry)
    waiting -= 1
    working += 1
    client.working += 1
    client.turn = ++turns
    bucket.turn = null
    for (const lane of bucket.lanes) lane.used += 1
    entry.state = 'working'
    entry.bucket = null
    entry.connections = entry.run.connections
    entry.holdsGroup = entry.run.group !== null
    place(bucket)
    for (const lane of bucket.lanes) reopenFor(lane, client)
    return entry.run
  }

  function stop(entry: Entry): void {
    if (entry.state === 'working') {
      working -= 1
      const client = clientOf(entry.run.client)
      client.working -= 1
      placeClient(client)
      release(entry.connections)
      entry.connections = []
    } else if (entry.bucket) {
      waiting -= 1
      const { bucket } = entry
      bucket.runs.delete(entry)
      entry.bucket = null
      place(bucket)
      // It may have been the one that a lane with room had woken: the next one may try.
      for (const lane of bucket.lanes) reopenFor(lane, bucket.client)
    }
    entry.state = 'resting'
  }

  function release(names: string[]): void {
    for (const name of names) {
      const lane = connectionLane(name)
      lane.used -= 1
      reopen(lane)
    }
  }

  return {
    limit(next) {
      limits = next
      for (const client of clients.values()) placeClient(client)
      for (const lane of connections.values()) reopen(lane)
    },
    add(run) {
      let entry = entries.get(run.id)
      if (!entry) {
        const holdsGroup = run.group !== null && run.hasBegun
        entry = { run, order: ++orders, state: 'resting', holdsGroup, connections: [], bucket: null }
        entries.set(run.id, entry)
        join(entry)
        if (run.group && holdsGroup) groups.get(run.group.name)!.used += 1
      }
      if (entry.state !== 'resting') return
      // Its group is the one that it joined.
      entry.run = { ...run, group: entry.run.group }
      entry.state = 'waiting'
      waiting += 1
      entry.bucket = bucketOf(entry)
      entry.bucket.runs.set(entry)
      place(entry.bucket)
    },
    take() {
      while (working < limits.runs) {
        const bucket = ring.first()?.ready.first()
        if (!bucket) return undefined
        const full = bucket.lanes.find((lane) => !lane.room())
        if (!full) return begin(bucket)
        park(bucket, full)
      }
      return undefined
    },
    admit(run) {
      if (working >= limits.runs || run.group || entries.has(run.id) || ring.first()) return false
      const client = clientOf(run.client)
      if (client.working >= (limits.runsPerClient ?? Number.POSITIVE_INFINITY)) return false
      const wanted = run.connections.map(connectionLane)
      if (!wanted.every((lane) => lane.room())) return false
      working += 1
      client.working += 1
      client.turn = ++turns
      for (const lane of wanted) lane.used += 1
      const { connections } = run
      const entry: Entry = {
        run,
        order: ++orders,
        state: 'working',
        holdsGroup: false,
        connections,
        bucket: null,
      }
      entries.set(run.id, entry)
      placeClient(client)
      return true
    },
    rest(runId) {
      const entry = entries.get(runId)
      if (!entry) return
      stop(entry)
      if (!entry.run.group) entries.delete(runId)
    },
    move(runId, names) {
      const entry = entries.get(runId)
      if (entry?.state !== 'working') return false
      const gained = names.filter((name) => !entry.connections.includes(name))
      if (!gained.every((name) => connectionLane(name).room())) return false
      for (const name of gained) connectionLane(name).used += 1
      const lost = entry.connections.filter((name) => !names.includes(name))
      entry.connections = names
      release(lost)
      return true
    },
    end(runId) {
      const entry = entries.get(runId)
      if (!entry) return
      stop(entry)
      entries.delete(runId)
      leave(entry)
    },
    members: (group) => [...(groups.get(group)?.members ?? [])],
    waiting: () => waiting,
  }
}

function createGroup(): Group {
  const limits = new Map<number, number>()
  const group: Group = {
    used: 0,
    room: () => group.used < Math.min(...limits.keys()),
    parked: new Map(),
    members: new Set(),
    limits,
  }
  return group
}

function isClientBefore(a: Client, b: Client): boolean {
  const [first, second] = [turnOf(a), turnOf(b)]
  return first === second ? isBucketBefore(a.ready.first()!, b.ready.first()!) : first < second
}

function turnOf(client: Client): number {
  return Math.min(client.turn, client.ready.first()?.turn ?? client.turn)
}

function isEntryBefore({ run: a, order: first }: Entry, { run: b, order: second }: Entry): boolean {
  if (a.dueAt !== b.dueAt) return a.dueAt < b.dueAt
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt
  return first < second
}

function isBucketBefore(a: Bucket, b: Bucket): boolean {
  return isEntryBefore(a.runs.first()!, b.runs.first()!)
}
