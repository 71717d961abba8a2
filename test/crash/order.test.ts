/** A day without a crash: what is a crash point, and in which order things become durable. */
import { join } from 'node:path'
import '../fakes/clean-children.ts'
import t from 'tap'
import { kindOf } from '../../scripts/crash/choose-points.ts'
import { runMatrix } from '../../scripts/crash/matrix.ts'
import type { TrialEnd } from '../../scripts/crash/trial.ts'

t.setTimeout(240_000)

let day: TrialEnd

t.before(async () => {
  const root = join(import.meta.dirname, '../..')
  day = (await runMatrix({ root, points: 0, kills: 0, seed: 1, processes: 1 }, (text) => t.comment(text)))
    .whole
})

t.test(
  'every file and mail of the day came once and whole, under its final name only when it was',
  async (t) => {
    t.same(day.faults, [])
    t.ok(day.published >= 9, `${day.published} files`)
    t.equal(day.mails, 5)
  },
)

t.test('every durable write and every send of the day is a crash point', async (t) => {
  const names = day.met.map((line) => line.split('\t')[0] as string)
  t.ok(names.length >= 150, `${names.length} points`)
  t.equal(new Set(names).size, names.length, 'each has a name of its own')
  const kinds = new Set(names.map((name) => kindOf(name).split(' ')[0]?.replace(/\..*/, '')))
  t.same([...kinds].sort(), ['commit', 'fs', 'http', 's3', 'sftp', 'smtp'])
})

t.test(
  'an artifact is on disk before it has its name, and its name before the ledger knows it',
  async (t) => {
    const names = day.met.map((line) => line.replace(/#\d+\t/, ' '))
    const count = (start: string, until: number) =>
      names.slice(0, until).filter((name) => name.startsWith(start)).length
    const indexesOf = (pattern: RegExp) => names.flatMap((name, index) => (pattern.test(name) ? [index] : []))
    const renames = indexesOf(/^fs\.rename data\/artifacts\/<sha256> before/)
    t.ok(renames.length > 0)
    for (const [before, index] of renames.entries())
      t.ok(count('fs.sync data/artifacts/scratch/<uuid> after', index) > before, 'synced, then renamed')
    const commits = indexesOf(/^commit before .*\brun_file\b/)
    t.ok(commits.length > 0)
    for (const index of commits)
      t.ok(count('fs.sync data/artifacts/<xx> after', index) > 0, 'its folder was synced before the commit')
  },
)

t.test('a file at a folder target is on disk before it has its final name', async (t) => {
  const names = day.met.map((line) => line.replace(/#\d+\t.*/, ''))
  const links = names.filter((name) => /^fs\.link folders\/archive\/.* before$/.test(name))
  t.ok(links.length >= 2)
  for (const link of links) {
    const [, folder = '', name = ''] = /folders\/archive\/(\w+)\/(\S+) before/.exec(link) ?? []
    const synced = names.indexOf(`fs.sync folders/archive/${folder}/.${name}.<id>.part after`)
    t.ok(synced !== -1 && synced < names.indexOf(link), name)
  }
})
