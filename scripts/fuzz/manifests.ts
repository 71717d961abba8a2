/**
 * `npm run fuzz -- [--count N] [--seed N]`: mutated and made-up manifests in a repository that is fine. None may
 * throw, take longer than 2 s, be read differently by the two parsers, or be refused at a place that it does not
 * have. Exits 1 when one does; the texts that failed are printed.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFolderSource } from '../../engine/adapters/folder-source.ts'
import { parseOptions } from '../parse-options.ts'
import { createCheck } from './check.ts'
import { createRandom, makeText, type Random } from './mutate.ts'

const root = join(import.meta.dirname, '../..')
const corpusFolders = ['jobs.d', 'test/manifests', 'templates/reports']

export interface FuzzResult {
  count: number
  accepted: number
  quick: number
  slowestMs: number
  failures: { index: number; path: string; text: string; failure: string }[]
}

/** Checks that many texts of a seed. */
export async function fuzzManifests(count: number, seed: number): Promise<FuzzResult> {
  const base = await createFolderSource(join(root, 'test/manifests/ok/small')).read(
    new AbortController().signal,
  )
  const paths = [...base.files.keys()].filter((path) => path.endsWith('.yaml'))
  const corpus = readCorpus()
  const check = createCheck(base, 2000)
  const random = createRandom(seed)
  const result: FuzzResult = { count, accepted: 0, quick: 0, slowestMs: 0, failures: [] }
  for (let index = 0; index < count; index++) {
    // Most of them where jobs are, since those have the most rules; half of them near what fits in that place.
    const path = random(3) > 0 ? 'jobs.d/acme/eod.yaml' : paths[random(paths.length)]!
    const near = random(2) === 0 ? [new TextDecoder().decode(base.files.get(path)!.content)] : corpus
    const text = makeText(near, random)
    const verdict = check(path, encode(text, random))
    if (verdict.accepted) result.accepted++
    if (verdict.quick) result.quick++
    result.slowestMs = Math.max(result.slowestMs, verdict.ms)
    for (const failure of verdict.failures) result.failures.push({ index, path, text, failure })
  }
  return result
}

/** Every manifest of the examples and the golden cases. */
export function readCorpus(): string[] {
  return corpusFolders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.yaml'))
      .sort()
      .map((path) => readFileSync(join(root, folder, path), 'utf8')),
  )
}

/** As UTF-8, now and then with a byte that is none. */
function encode(text: string, random: Random): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length > 0 && random(200) === 0) bytes[random(bytes.length)] = 0xff
  return bytes
}

if (import.meta.main) {
  const { values } = parseOptions(import.meta.filename, {
    options: { count: { type: 'string' }, seed: { type: 'string' } },
  })
  const seed = Number(values.seed ?? 1)
  const { failures, count, accepted, quick, slowestMs } = await fuzzManifests(
    Number(values.count ?? 10_000),
    seed,
  )
  for (const { index, path, text, failure } of failures.slice(0, 20)) {
    console.log(`${index} as ${path}: ${failure}\n${JSON.stringify(text)}\n`)
  }
  console.log(
    `seed ${seed}: ${count} texts, ${accepted} accepted, ${quick} read quickly, slowest ${Math.round(slowestMs)} ms, ${failures.length} failures`,
  )
  process.exitCode = failures.length > 0 ? 1 : 0
}
