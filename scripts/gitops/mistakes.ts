/** What people do to a config repository by mistake. */
import type { Random } from '../fuzz/mutate.ts'
import { addJob, type Change, makeJob, onJob, pick, removeJobs } from './changes.ts'
import { clients, type JobSpec, jobText, textContent, type World } from './manifests.ts'
import type { Content } from './repository.ts'

/** Puts something else where a job's file is. */
function instead(make: (text: string) => Content | string, kind?: JobSpec['kind']) {
  return onJob((job, _random, world, id) => {
    const made = make(jobText(job))
    world.instead[`jobs.d/${id}.yaml`] = typeof made === 'string' ? textContent(made) : made
  }, kind)
}

const anyClient = (_world: World, random: Random) => pick(clients, random)

export const badChanges: Change[] = [
  { name: 'syntax error', edit: instead((text) => `${text}\n  bad: [unclosed\n`) },
  { name: 'schema error', edit: instead((text) => text.replace('title:', 'titel:')) },
  {
    name: 'unknown connection',
    edit: instead((text) => text.replace(/connection: .*/, 'connection: nowhere')),
  },
  {
    name: 'policy violation',
    edit: instead((text) => text.replace(/to: \[.*\]/, 'to: [someone@elsewhere.example]'), 'scheduled'),
  },
  { name: 'second campaign job', edit: (world, random) => addJob(world, random, 'campaign') },
  { name: 'second ftp-in job', edit: (world, random) => addJob(world, random, 'ftp-in') },
  {
    name: 'calendar deleted',
    edit: (world) => {
      world.instead['jobs.d/platform/calendars/work.yaml'] = null
    },
  },
  {
    name: 'template with an unknown field',
    edit(world, random) {
      const path = `jobs.d/${anyClient(world, random)}/templates/mail/note/text.hbs`
      world.instead[path] = textContent('{{job.nonsense}}\n')
    },
  },
  {
    name: 'client.yaml deleted',
    edit: (world, random) => {
      world.instead[`jobs.d/${anyClient(world, random)}/client.yaml`] = null
    },
  },
  {
    name: 'settings broken',
    edit: (world) => {
      world.instead['jobs.d/platform/settings.yaml'] = textContent('maxRemovals: 999\n')
    },
  },
  {
    name: 'settings deleted',
    edit: (world) => {
      world.instead['jobs.d/platform/settings.yaml'] = null
    },
  },
  {
    name: 'connection deleted',
    edit: (world) => {
      world.instead['jobs.d/platform/connections/mail.yaml'] = null
    },
  },
  {
    name: 'policy deleted',
    edit: (world, random) => {
      world.instead[`jobs.d/platform/clients/${anyClient(world, random)}.yaml`] = null
    },
  },
  { name: 'empty file', edit: instead(() => '') },
  {
    name: 'binary file',
    edit: instead(() => ({ mode: '100644', data: Buffer.from([0, 1, 255, 254, 0, 9]) })),
  },
  { name: 'link', edit: instead(() => ({ mode: '120000', data: '/etc/passwd' })) },
  // Whoever reads what a link says finds a job that is fine.
  {
    name: 'link that says a job',
    edit: instead((text) => ({ mode: '120000', data: text.replace(/^title: .*/m, 'title: By a link') })),
  },
  { name: 'submodule', edit: instead(() => ({ mode: '160000', data: '1'.repeat(40) })) },
  { name: 'huge file', edit: instead((text) => `${text}#${'x'.repeat(80_000)}\n`) },
  { name: 'wrong name', edit: instead((text) => text.replace(/^name: .*/m, 'name: other')) },
  {
    name: 'renamed, but the old file is still there',
    edit: onJob((job, random, world) => {
      const { name } = makeJob(world, random, job.kind, job.client)
      world.jobs[`${job.client}/${name}`] = { ...job, name, previousName: job.name }
    }, 'scheduled'),
  },
  {
    name: 'renamed and broken',
    edit: onJob((job, random, world, id) => {
      removeJobs(world, [id])
      const { name } = makeJob(world, random, job.kind, job.client)
      const renamed = { ...job, name, previousName: job.name }
      world.jobs[`${job.client}/${name}`] = renamed
      world.instead[`jobs.d/${job.client}/${name}.yaml`] = textContent(`${jobText(renamed)}\nbad: [\n`)
    }, 'scheduled'),
  },
  {
    name: 'many jobs deleted',
    edit(world, random) {
      const ids = Object.keys(world.jobs)
      removeJobs(
        world,
        ids.filter(() => random(2) === 0),
      )
    },
  },
  {
    name: 'all jobs deleted',
    edit: (world) => removeJobs(world, Object.keys(world.jobs)),
  },
  {
    name: 'a client and its jobs deleted',
    edit(world, random) {
      const client = pick(clients, random)
      removeJobs(
        world,
        Object.keys(world.jobs).filter((id) => id.startsWith(`${client}/`)),
      )
      world.instead[`jobs.d/${client}/client.yaml`] = null
    },
  },
]
