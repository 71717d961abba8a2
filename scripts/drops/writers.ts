/** Writers as they are: slow, pausing, crashing half way, renaming in, overwriting, and repeating names. */
import { createHash, randomFillSync } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { type DropRule, rules, stableMs } from './config.ts'
import type { Post } from './places.ts'
import type { Random } from './random.ts'

/** One file as its writer meant it. */
export interface Posted {
  rule: DropRule
  path: string
  sha256: string
  size: number
  /**
   * complete: exactly one run must have it · replaced: it was whole, and its writer put another one in its place, maybe
   * before anybody looked · half: its writer crashed · paused: a stable file whose writer paused longer than the rule waits.
   */
  fate: 'complete' | 'replaced' | 'half' | 'paused'
}

const chunkBytes = 16_384

interface Plan {
  rule: DropRule
  path: string
  /** The whole file that had the name. */
  before: Posted | undefined
  bytes: Buffer
  crashes: boolean
  /** A pause in the middle, in ms; 0 for none. */
  pauseMs: number
}

/** Writes that many files by some writers at once, and tells each with its fate once it is decided. */
export async function runWriters(
  count: number,
  posts: Post[],
  random: Random,
  onPosted: (posted: number) => void,
): Promise<Posted[]> {
  const all: Posted[] = []
  /** The newest whole file of a path. */
  const newest = new Map<string, Posted>()
  let next = 0

  async function writeOne(index: number, post: Post): Promise<void> {
    const plan = makePlan(index, random, newest)
    const { before } = plan
    const overwrites = plan.rule === 'renamed' && random.chance(0.5)
    // Who repeats a name waits until the file before was taken, or renames over it and takes the blame.
    if (before && !overwrites) while (await post.exists(plan.path)) await setTimeout(50)
    const sha256 = createHash('sha256').update(plan.bytes).digest('hex')
    const isLong = plan.rule === 'stable' && plan.pauseMs > stableMs
    const fate = plan.crashes ? 'half' : isLong ? 'paused' : 'complete'
    const posted: Posted = { rule: plan.rule, path: plan.path, sha256, size: plan.bytes.length, fate }
    all.push(posted)
    if (!plan.crashes && before && overwrites) before.fate = 'replaced'
    await write(plan, sha256, post)
    // One whose writer crashed may lie there half: its name is used no more.
    if (!plan.crashes) newest.set(plan.path, posted)
  }

  async function work(post: Post): Promise<void> {
    while (next < count) {
      await writeOne(next++, post)
      onPosted(all.length)
    }
  }
  const writers = Array.from({ length: 24 }, (_, index) => work(posts[index % posts.length]!))
  await Promise.all(writers)
  return all
}

function makePlan(index: number, random: Random, newest: Map<string, Posted>): Plan {
  const rule = rules[index % rules.length]!
  const before = random.chance(0.1) ? [...newest.values()].findLast((each) => each.rule === rule) : undefined
  // Until it is written nobody else writes under that name.
  if (before) newest.delete(before.path)
  const path = before?.path ?? `/${rule}/list-${index}.csv`
  const size = 40 + (random.chance(0.1) ? random.below(200_000) : random.below(4_000))
  const bytes = Buffer.alloc(size)
  randomFillSync(bytes)
  bytes.write(`${index},`)
  const crashes = random.chance(0.04)
  const pause = random.next()
  const long = rule === 'stable' && pause < 0.01 ? stableMs + 2_500 : 0
  const pauseMs = long || (pause < 0.1 ? 200 + random.below(1_500) : pause < 0.5 ? random.below(40) : 0)
  return { rule, path, before, bytes, crashes, pauseMs }
}

async function write(
  { rule, path, bytes, crashes, pauseMs }: Plan,
  sha256: string,
  post: Post,
): Promise<void> {
  const isAside = rule === 'renamed'
  const name = isAside ? `${path}.${sha256.slice(0, 6)}.part` : path
  const file = await post.open(name)
  const half = Math.floor(bytes.length / 2)
  for (let at = 0; at < half; at += chunkBytes)
    await file.write(bytes.subarray(at, Math.min(at + chunkBytes, half)), at)
  if (pauseMs > 0) await setTimeout(pauseMs)
  if (!crashes)
    for (let at = half; at < bytes.length; at += chunkBytes)
      await file.write(bytes.subarray(at, Math.min(at + chunkBytes, bytes.length)), at)
  await file.close()
  // Who crashes between file and checksum leaves one that does not fit.
  if (rule === 'sum')
    await writeSmall(post, `${path}.sha256`, `${sha256}  ${path.slice(path.lastIndexOf('/') + 1)}\n`)
  if (crashes) return
  if (isAside) await post.rename(name, path)
  if (rule === 'done') await writeSmall(post, `${path}.done`, '')
}

async function writeSmall(post: Post, path: string, text: string): Promise<void> {
  const file = await post.open(path)
  if (text !== '') await file.write(Buffer.from(text), 0)
  await file.close()
}
