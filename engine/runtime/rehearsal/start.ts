/** What starts a rehearsed run: a slot, an event or a posted file, as given or by a plausible default. */
import { truncate, writeFile } from 'node:fs/promises'
import { posix } from 'node:path'
import type { FileEntry } from '../../core/contracts/endpoints.ts'
import type { Artifacts } from '../../core/contracts/services.ts'
import type { Due, TriggerType } from '../../core/contracts/trigger.ts'
import { JobsdError } from '../../core/errors.ts'
import { fileKey } from '../../core/file-key.ts'
import type { DropFolder, TestGiven } from '../../core/manifest.ts'
import { mediaTypeOf } from '../../core/media-type.ts'
import type { DroppedFile, EventData, Snapshot, Trigger } from '../../core/model.ts'
import { readMoment } from '../../core/moment.ts'
import {
  type FilledParameters,
  parametersOf,
  readEventParameters,
  readGivenParameters,
  sampleParameter,
} from '../../core/parameters.ts'
import { joinPath } from '../../core/paths.ts'
import { enumerateSlots, nextSlot } from '../../core/slots.ts'
import { firstInstantOfWall } from '../../core/zone.ts'
import type { Recorder } from './recorder.ts'

export interface StartParts {
  triggers: readonly TriggerType[]
  /** Whether a drop folder takes a file by its kind and name. */
  isWanted(entry: FileEntry, folder: DropFolder): boolean
  artifacts: Artifacts
  recorder: Recorder
}

export type Start = { due: Due & { type: Trigger['type'] } } | { nothing: string }

const firstWallMs = Date.parse('2026-01-01T00:00:00Z')
const plainMs = Date.parse('2026-01-05T12:00:00Z')
const campaignMs = 8 * 3_600_000

/** The due moment that is given, or the first one of 2026 on the client's clock. Throws BAD_REQUEST for what is no moment. */
export function slotOf(given: TestGiven, snapshot: Snapshot): number {
  if (given.slot === undefined) {
    const firstMs = firstInstantOfWall(snapshot.client.timezone, firstWallMs)
    const slots = snapshot.schedules.flatMap((schedule) => nextSlot(schedule, firstMs - 1)?.at ?? [])
    return slots.length > 0 ? Math.min(...slots) : plainMs
  }
  const slotMs = readMoment(given.slot, snapshot.client.timezone)
  if (slotMs !== undefined) return slotMs
  throw new JobsdError('BAD_REQUEST', {
    reason: `${given.slot} is no moment; write it as 2026-11-20T18:30 or 2026-11-20T18:30:00Z`,
  })
}

/** What is due, or why nothing is: the calendar skips the slot, or no trigger takes the event or file. */
export async function startRun(given: TestGiven, snapshot: Snapshot, parts: StartParts): Promise<Start> {
  const slotMs = slotOf(given, snapshot)
  const { trigger } = snapshot.manifest
  const slot = new Date(slotMs).toISOString()
  const base = { key: `rehearsal:${slot}`, slot, schedule: null, event: null, file: null }
  const due = { ...base, callCenter: given.callCenter ?? null }
  switch (trigger.type) {
    case 'scheduled':
      return startScheduled(slotMs, snapshot, due)
    case 'campaign': {
      const { type = 'campaign.ended', data } = given.event ?? {}
      const event = (data as EventData | undefined) ?? (given.event ? {} : sampleCampaign(slotMs))
      const taken = parts.triggers.find((each) => each.type === trigger.type)?.accepts?.(type)
      if (!taken) return { nothing: `no campaign job is started by an event ${type}` }
      const read = given.event ? readEventParameters(parametersOf(trigger), event) : supplied(given, trigger)
      if ('faults' in read) return { nothing: `the event is refused: ${read.faults.join('; ')}` }
      return { due: { ...due, type: trigger.type, event, parameters: read.values } }
    }
    case 'ftp-in':
      return await startByFile(given.file ?? {}, trigger.folders, due, parts)
    case 'after':
      return { due: { ...due, type: trigger.type, event: eventOfChain(given, snapshot, slotMs) } }
    default: {
      const read = supplied(given, trigger)
      if ('faults' in read) return { nothing: `the run is refused: ${read.faults.join('; ')}` }
      return { due: { ...due, type: 'manual', parameters: read.values } }
    }
  }
}

/** What is given by name, and a value that fits for each other parameter. */
function supplied({ parameters }: TestGiven, trigger: Trigger): FilledParameters {
  const definitions = parametersOf(trigger)
  const samples = definitions.map((definition) => [definition.name, sampleParameter(definition)])
  return readGivenParameters(definitions, { ...Object.fromEntries(samples), ...parameters })
}

/** At a moment that is no slot of the job it is a run by hand. */
function startScheduled(slotMs: number, snapshot: Snapshot, due: Due): Start {
  const slots = snapshot.schedules.flatMap((schedule) =>
    enumerateSlots(schedule, slotMs - 1, slotMs).map((slot) => ({ ...slot, schedule: schedule.name })),
  )
  const taken = slots.find(({ outcome }) => outcome !== 'skipped')
  if (taken) {
    const { schedule } = taken
    return { due: { ...due, type: 'scheduled', schedule, key: `${schedule}@${due.slot}` } }
  }
  if (slots[0]) return { nothing: `schedule ${slots[0].schedule} skips it: ${slots[0].note}` }
  return { due: { ...due, type: 'manual' } }
}

/** The data of a campaign that ended then. */
export function sampleCampaign(endMs: number): { campaign: Record<'id' | 'name' | 'start' | 'end', string> } {
  const [start, end] = [endMs - campaignMs, endMs].map((ms) => new Date(ms).toISOString()) as [string, string]
  return { campaign: { id: 'sample', name: 'Sample campaign', start, end } }
}

/** What the chain began with: as given, and a campaign where the job has to know one. */
function eventOfChain({ event }: TestGiven, { manifest }: Snapshot, slotMs: number): EventData | null {
  if (event) return (event.data as EventData | undefined) ?? {}
  const isOfCampaign = manifest.steps.some((step) => step.type === 'report' && step.period === 'campaign')
  return isOfCampaign ? sampleCampaign(slotMs) : null
}

type GivenFile = Partial<NonNullable<TestGiven['file']>>

async function startByFile(
  given: GivenFile,
  folders: DropFolder[],
  due: Due,
  { artifacts, isWanted, recorder }: StartParts,
): Promise<Start> {
  const name = given.name ?? sampleName(folders[0]!)
  const mtimeMs = Date.parse(due.slot)
  const entryIn = ({ path }: DropFolder): FileEntry => ({
    name,
    path: joinPath(path, name),
    size: 0,
    mtimeMs,
    kind: 'file',
  })
  const open = folders.filter(({ path }) => given.folder === undefined || samePath(path, given.folder))
  const folder = open.find((each) => isWanted(entryIn(each), each))
  if (!folder) {
    const places = open.map(({ path }) => path).join(', ') || `any drop folder: ${given.folder} is none`
    return { nothing: `a file ${name} is not taken from ${places}` }
  }
  const artifact = await storeFile(given, artifacts)
  const { path } = entryIn(folder)
  const { connection } = folder
  recorder.place(connection, path, {
    ...artifact,
    localPath: await artifacts.open(artifact.sha256, artifact.size),
    mtimeMs,
  })
  const file: DroppedFile = {
    ...artifact,
    fileName: name,
    mediaType: mediaTypeOf(name),
    rows: null,
    period: null,
    origin: { connection, path },
  }
  const key = fileKey(connection, { path, size: artifact.size, mtimeMs })
  return { due: { ...due, type: 'ftp-in', key, file } }
}

async function storeFile({ content, size }: GivenFile, artifacts: Artifacts) {
  const scratch = await artifacts.scratch()
  await writeFile(scratch, content ?? (size === undefined ? 'sample\n' : ''), { flag: 'wx' })
  if (size !== undefined) await truncate(scratch, size)
  return await artifacts.adopt(scratch)
}

/** A name that the folder's first pattern takes: `*.csv` gives `sample.csv`. */
function sampleName({ match }: DropFolder): string {
  return (match?.[0] ?? 'sample.csv').replace(/\*+/g, 'sample').replaceAll('?', 'x')
}

function samePath(a: string, b: string): boolean {
  return posix.join(a, '/') === posix.join(b, '/')
}
