/** What people do to a config repository on purpose: each change edits a world. */
import type { Random } from '../fuzz/mutate.ts'
import { type ClientName, clients, type JobSpec, type World } from './manifests.ts'

export interface Change {
  name: string
  /** Returns false where the world has nothing to do it to. */
  edit(world: World, random: Random): unknown
}

// No schedule of a job may meet another one: the first list has minutes that the second has not.
const mainCrons = [
  '*/15 * * * *',
  '5 * * * *',
  '*/30 * * * *',
  '30 18 * * 1-5',
  '0 6 * * *',
  '10 */2 * * *',
  '45 20 1,15 * *',
  '0,15 3-5,22 * * *',
  '25 7-19 * * 1-5',
  '35 12 13 * 5',
]
const otherCrons = ['20 9 * * 0,6', '50 3 * * *', '40 */6 * * *']
const titles = ['Calls of the day', 'Agents of the week', 'What was billed', 'Open campaigns']

export function pick<T>(from: readonly T[], random: Random): T {
  return from[random(from.length)] as T
}

function makeSchedules(random: Random): JobSpec['schedules'] {
  return [mainCrons, ...(random(3) === 0 ? [otherCrons] : [])].map((crons) => ({
    cron: pick(crons, random),
    calendar: random(3) === 0,
    catchUp: pick(['none', 'latest', 'all'] as const, random),
    window: pick(['2h', '1d'], random),
  }))
}

export function makeJob(world: World, random: Random, kind: JobSpec['kind'], client: ClientName): JobSpec {
  const names = Array.from({ length: 12 }, (_, index) => `${kind === 'scheduled' ? 'job' : kind}-${index}`)
  const free = names.filter((name) => !world.jobs[`${client}/${name}`])
  return {
    client,
    name: pick(free, random) ?? `more-${random(1_000_000)}`,
    kind,
    title: pick(titles, random),
    enabled: true,
    perCenter: kind === 'scheduled' && random(3) === 0,
    previousName: null,
    schedules: kind === 'scheduled' ? makeSchedules(random) : [],
  }
}

export function addJob(
  world: World,
  random: Random,
  kind: JobSpec['kind'],
  client = pick(clients, random),
): void {
  const job = makeJob(world, random, kind, client)
  world.jobs[`${client}/${job.name}`] = job
}

/** The first commit: each client has jobs of every kind. */
export function makeWorld(random: Random): World {
  const world: World = {
    jobs: {},
    instead: {},
    maxRemovals: 4,
    holiday: '2026-12-25',
    mailTitle: 'The relay',
    readme: 0,
  }
  for (const client of clients) {
    for (let count = 0; count < 4; count++) addJob(world, random, 'scheduled', client)
    addJob(world, random, 'ftp-in', client)
    addJob(world, random, 'campaign', client)
  }
  return world
}

export function someJob(world: World, random: Random, kind?: JobSpec['kind']): [string, JobSpec] | undefined {
  return pick(
    Object.entries(world.jobs).filter(([, job]) => kind === undefined || job.kind === kind),
    random,
  )
}

export function removeJobs(world: World, ids: string[]): void {
  for (const id of ids) {
    delete world.jobs[id]
    delete world.instead[`jobs.d/${id}.yaml`]
  }
}

/** Edits one job, if there is one. */
export function onJob(
  edit: (job: JobSpec, random: Random, world: World, id: string) => void,
  kind?: JobSpec['kind'],
) {
  return (world: World, random: Random): boolean => {
    const found = someJob(world, random, kind)
    if (found) edit(found[1], random, world, found[0])
    return found !== undefined
  }
}

function rename(withPrevious: boolean) {
  return onJob((job, random, world, id) => {
    removeJobs(world, [id])
    const { name } = makeJob(world, random, job.kind, job.client)
    world.jobs[`${job.client}/${name}`] = { ...job, name, previousName: withPrevious ? job.name : null }
  })
}

/** Takes back a mistake, whatever it was. */
const mend: Change = {
  name: 'mend',
  edit(world, random) {
    const path = pick(Object.keys(world.instead), random)
    if (path !== undefined) delete world.instead[path]
    return path !== undefined
  },
}

export const goodChanges: Change[] = [
  mend,
  mend,
  mend,
  {
    name: 'mend all',
    edit(world) {
      world.instead = {}
    },
  },
  {
    name: 'title',
    edit: onJob((job, random) => {
      job.title = `${pick(titles, random)} ${random(99)}`
    }),
  },
  {
    name: 'schedule',
    edit: onJob((job, random) => {
      job.schedules = makeSchedules(random)
    }, 'scheduled'),
  },
  {
    name: 'scope',
    edit: onJob((job) => {
      job.perCenter = !job.perCenter
    }, 'scheduled'),
  },
  {
    name: 'catch-up',
    edit: onJob((job, random) => {
      for (const schedule of job.schedules)
        schedule.catchUp = pick(['none', 'latest', 'all'] as const, random)
    }, 'scheduled'),
  },
  {
    name: 'enable',
    edit: onJob((job) => {
      job.enabled = !job.enabled
    }),
  },
  {
    name: 'add',
    edit(world, random) {
      addJob(world, random, 'scheduled')
      return Object.keys(world.jobs).length < 26
    },
  },
  { name: 'remove', edit: onJob((_job, _random, world, id) => removeJobs(world, [id])) },
  {
    name: 'remove and add',
    edit: onJob((job, random, world, id) => {
      removeJobs(world, [id])
      addJob(world, random, job.kind, job.client)
    }),
  },
  { name: 'rename', edit: rename(true) },
  { name: 'rename', edit: rename(true) },
  { name: 'rename without previousName', edit: rename(false) },
  {
    name: 'another drop-folder job takes over',
    edit: onJob((job, random, world) => {
      job.enabled = false
      addJob(world, random, 'ftp-in', job.client)
    }, 'ftp-in'),
  },
  {
    name: 'connection',
    edit: (world, random) => {
      world.mailTitle = `Relay ${random(1000)}`
    },
  },
  {
    name: 'calendar',
    edit: (world, random) => {
      world.holiday = `2026-12-${10 + random(20)}`
    },
  },
  {
    name: 'settings',
    edit: (world, random) => {
      world.maxRemovals = pick([2, 3, 4, 5, 30], random)
    },
  },
  {
    name: 'nothing of ours',
    edit: (world) => {
      world.readme += 1
    },
  },
]

/** A world in which nothing is wrong and each client has a drop-folder job: what was left lying is taken. */
export function makeWhole(world: World, random: Random): void {
  world.instead = {}
  for (const client of clients) {
    const [first, ...others] = Object.values(world.jobs).filter(
      (job) => job.client === client && job.kind === 'ftp-in',
    )
    if (first) first.enabled = true
    else addJob(world, random, 'ftp-in', client)
    for (const job of others) job.enabled = false
  }
}
