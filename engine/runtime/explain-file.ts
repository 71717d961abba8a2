/** Why a posted file was or was not taken: a pure answer over what is recorded. */
import type { SeenRecord } from '../core/contracts/drops.ts'
import type { TakenFile } from '../core/contracts/ledger.ts'
import { describeCompleteness, dropRules } from '../core/drop-rules.ts'
import type { DropFolder } from '../core/manifest.ts'
import type { Answer, Evidence, ExplainParts, Explanation, KnownJob } from './explain.ts'
import { proveRun, tellMove, tellRun } from './explain-words.ts'
import type { LiveLook } from './look-at-file.ts'

export interface AskedFile {
  /** Absolute at its connection. */
  path: string
  /** What was taken from that path, newest first. */
  taken: TakenFile[]
  /** What was taken with the same content as the newest of these, newest first. */
  same: TakenFile[]
  /** Every decision on what was posted there, newest first. */
  seen?: SeenRecord[]
  /** What an engine that runs found there just now. */
  live?: LiveLook
}

export function explainFile(
  known: KnownJob,
  { path, taken, same, seen = [], live }: AskedFile,
  whyUnwanted: ExplainParts['whyUnwanted'],
): Explanation {
  const { job } = known.record
  const [newest] = taken
  const [decided] = seen
  if (decided && decided.outcome !== 'taken' && !(newest && newest.at > decided.at))
    return explainDecided(known, decided, seen, live)
  if (newest) return explainTaken(known, newest, taken, same, decided, live)
  const folders = watchedFolders(known)
  const evidence = [...folders.map(proveFolder), ...proveLive(live)]
  const answer = (found: Answer, why: string): Explanation => ({
    job,
    answer: found,
    sentence: `${job} never took ${path}: ${why}`,
    evidence,
  })
  const idle = whyIdle(known)
  if (idle) return answer('never-seen', idle)
  if (folders.length === 0) {
    const type = known.versions[0]?.body.manifest.trigger.type ?? 'unknown'
    return answer('never-seen', `its trigger is ${type}, so it watches no folder`)
  }
  const slash = path.lastIndexOf('/')
  const inside = folders.filter((folder) => trimSlash(folder.path) === trimSlash(path.slice(0, slash)))
  if (inside.length === 0)
    return answer('never-seen', `it watches ${folders.map(nameFolder).join(' and ')}, and nothing below them`)
  const reasons = inside.map((folder) => whyUnwanted(path.slice(slash + 1), folder))
  if (reasons.every((reason) => reason !== undefined)) return answer('ignored', reasons[0] as string)
  const folder = inside[reasons.indexOf(undefined)] as DropFolder
  const { suspended } = known
  if (suspended) {
    evidence.push({
      kind: 'hold',
      text: `suspended by ${suspended.who} at ${suspended.at}: ${suspended.why}`,
      run: null,
      at: suspended.at,
    })
    const until = `suspended by ${suspended.who}: ${suspended.why}; its files stay where they are until it is resumed`
    return answer('waiting', until)
  }
  const found = live?.sentence ? `${live.sentence}; ` : ''
  return answer(
    'waiting',
    `${found}what lies in ${nameFolder(folder)} under that name ${describeCompleteness(dropRules(folder))}, every ${lookedAt(folder)}`,
  )
}

function explainTaken(
  known: KnownJob,
  newest: TakenFile,
  taken: TakenFile[],
  same: TakenFile[],
  decided: SeenRecord | undefined,
  live: LiveLook | undefined,
): Explanation {
  const { job } = known.record
  const { file, at, runs } = newest
  const { path } = file.origin
  const moved = tellMove(newest)
  const others = same.filter((each) => each.at !== at || each.file.origin.path !== path)
  const told = [
    `${job} took ${path} at ${at} (${file.size} bytes, sha256 ${file.sha256.slice(0, 12)}): ${runs.map(tellRun).join('; ') || 'its run is not kept any more'}`,
    ...(moved ? [moved] : []),
    ...(decided?.settled && !moved ? [decided.settled] : []),
    ...(others[0]
      ? [`the same content was also taken from ${others[0].file.origin.path} at ${others[0].at}`]
      : []),
    ...(taken.length > 1 ? [`it is the newest of ${taken.length} files from that path`] : []),
  ]
  const files = [
    ...new Map([...taken, ...others].map((each) => [`${each.at} ${each.file.origin.path}`, each])).values(),
  ]
  return {
    job,
    answer: 'taken',
    sentence: told.join('; '),
    evidence: [
      ...files.flatMap((each) => [proveFile(each), ...each.runs.flatMap(proveRun)]),
      ...proveLive(live),
    ],
  }
}

/** A file that was decided on, and started no run. */
function explainDecided(
  known: KnownJob,
  newest: SeenRecord,
  seen: SeenRecord[],
  live: LiveLook | undefined,
): Explanation {
  const { job } = known.record
  const { path, at, note, settled, outcome, lies } = newest
  const told = {
    taken: 'took it',
    claiming: `is taking it: it was claimed at ${at} and lies at ${lies}`,
    skipped: `skipped it at ${at}: ${note}`,
    refused: `refused it at ${at}: ${note}`,
    incomplete: `waits for it: ${note}`,
  }[outcome]
  const answers = {
    taken: 'taken',
    claiming: 'waiting',
    skipped: 'ignored',
    refused: 'ignored',
    incomplete: 'waiting',
  }
  return {
    job,
    answer: answers[outcome] as Answer,
    sentence: `${job} saw ${path} and ${told}${settled ? `; ${settled}` : ''}`,
    evidence: [...seen.map(proveSeen), ...proveLive(live)],
  }
}

function proveSeen({ connection, path, size, sha256, outcome, note, at, settled }: SeenRecord): Evidence {
  const bytes = sha256 ? `, sha256 ${sha256}` : ''
  const why = [note, settled].filter(Boolean).join('; ')
  const text = `${outcome} ${connection}:${path} at ${at}, ${size} bytes${bytes}${why ? `: ${why}` : ''}`
  return { kind: 'file', text, run: null, at }
}

function proveLive(live: LiveLook | undefined): Evidence[] {
  if (!live) return []
  return live.facts.map((text): Evidence => ({ kind: 'file', text, run: null, at: live.at }))
}

function proveFile({ file, at, runs }: TakenFile): Evidence {
  const { connection, path } = file.origin
  const text = `taken from ${connection}:${path} at ${at}, ${file.size} bytes, sha256 ${file.sha256}`
  return { kind: 'file', text, run: runs[0]?.id ?? null, at }
}

/** Why nothing watches for the job's files at all. */
function whyIdle({ record, versions }: KnownJob): string | undefined {
  if (record.removedAt) return `the job was removed at ${record.removedAt}`
  const [newest] = versions
  if (!newest) return `no version of the job was ever valid: ${record.message}`
  return newest.body.manifest.enabled ? undefined : 'the job is disabled by its manifest'
}

function watchedFolders({ versions }: KnownJob): DropFolder[] {
  const trigger = versions[0]?.body.manifest.trigger
  return trigger?.type === 'ftp-in' ? trigger.folders : []
}

function proveFolder(folder: DropFolder): Evidence {
  const ignored = folder.ignore?.length ? `, but not ${folder.ignore.join(' or ')}` : ''
  const text = `${folder.connection}:${folder.path} is watched for ${(folder.match ?? ['*']).join(' or ')}${ignored}, every ${lookedAt(folder)}`
  return { kind: 'folder', text, run: null, at: null }
}

function nameFolder({ connection, path }: DropFolder): string {
  return `${connection}:${path}`
}

function lookedAt({ every = '10s' }: DropFolder): string {
  return every
}

function trimSlash(path: string): string {
  return path.replace(/\/+$/, '')
}
