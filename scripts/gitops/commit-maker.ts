/** Commits in a row: edits, mistakes, reverts, merges and rewrites of the branch, from a seed. */
import type { Random } from '../fuzz/mutate.ts'
import { goodChanges, makeWhole, makeWorld, pick } from './changes.ts'
import { filesOf, type World } from './manifests.ts'
import { badChanges } from './mistakes.ts'
import type { Files, Repository } from './repository.ts'

export interface MadeCommit {
  revision: string
  files: Files
  /** What was done, for people. */
  what: string
  broken: boolean
}

export interface CommitMaker {
  first(): MadeCommit
  next(): MadeCommit
  /** Everything in order again. */
  whole(): MadeCommit
}

const kept = 10
const fewJobs = 10

export function createCommitMaker(repository: Repository, drops: string, random: Random): CommitMaker {
  let world = makeWorld(random)
  let head: string | null = null
  /** Earlier commits, newest last. */
  const earlier: { revision: string; world: World }[] = []

  function put(next: World, what: string, broken: boolean, merge?: string): MadeCommit {
    const isOrphan = what.startsWith('rewrite')
    const files = filesOf(next, drops)
    const revision = repository.commit({ files, parent: isOrphan ? null : head, ...(merge && { merge }) })
    return keep(revision, next, what, broken)
  }

  function keep(revision: string, next: World, what: string, broken: boolean): MadeCommit {
    world = next
    head = revision
    earlier.push({ revision, world: structuredClone(next) })
    if (earlier.length > kept) earlier.shift()
    return { revision, files: filesOf(next, drops), what, broken }
  }

  /** What is done to history and not to a file. */
  function changeHistory(): MadeCommit | undefined {
    const old = pick(earlier.slice(0, -1), random)
    if (!old) return undefined
    const before = structuredClone(old.world)
    const kind = random(4)
    if (kind === 0) return put(before, 'revert', false)
    if (kind === 1) return put(before, 'rewrite without history', false)
    // A merge that takes one side's files.
    if (kind === 2)
      return put({ ...structuredClone(world), readme: world.readme + 1 }, 'merge', false, old.revision)
    repository.reset(old.revision)
    return keep(old.revision, before, 'force push of an earlier commit', false)
  }

  return {
    first: () => put(world, 'first', false),
    whole() {
      const next = structuredClone(world)
      makeWhole(next, random)
      return put(next, 'all in order', false)
    },
    next() {
      if (random(10) === 0) {
        const made = changeHistory()
        if (made) return made
      }
      if (Object.keys(world.jobs).length < fewJobs && random(2) === 0) return restore()
      const broken = random(4) === 0
      for (;;) {
        const next = structuredClone(world)
        const change = pick(broken ? badChanges : goodChanges, random)
        const isDone = change.edit(next, random) !== false
        if (isDone) return put(next, change.name, broken)
      }
    },
  }

  /** Who deleted nearly everything has it back soon. */
  function restore(): MadeCommit {
    const [most] = earlier.toSorted((a, b) => countJobs(b.world) - countJobs(a.world))
    const whole = most && countJobs(most.world) >= fewJobs ? structuredClone(most.world) : makeWorld(random)
    return put({ ...whole, instead: {} }, 'restored', false)
  }
}

function countJobs({ jobs }: World): number {
  return Object.keys(jobs).length
}
