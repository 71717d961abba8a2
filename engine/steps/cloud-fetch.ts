import { rm } from 'node:fs/promises'
import type { ObjectEntry, ObjectStore } from '../core/contracts/endpoints.ts'
import type { OfferedFile, StepContext, StepResult, StepType } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import { literalStart, matchesKey } from '../core/key-match.ts'
import { mediaTypeOf } from '../core/media-type.ts'
import type { StepOf } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandChoice } from '../core/tokens.ts'

type FetchStep = StepOf<'cloud-fetch'>

const atOnce = 4
const maxNameBytes = 255
const unsafe = /[\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** Copies the objects that match and offers them as files. A repeat copies what is there then. */
export const cloudFetchStep: StepType<'cloud-fetch'> = {
  type: 'cloud-fetch',
  async run(step, context) {
    const { endpoints, run, signal, snapshot } = context
    const values = tokenValues(run, snapshot, { ext: '', period: null })
    const prefix = expandChoice(step.prefix ?? '', values)
    const match = expandChoice(step.match, values)
    const store = endpoints.objects(context.connection(step.connection))
    const listed = await store.list(prefix + literalStart(match), signal)
    const found = listed.filter(({ key }) => matchesKey(match, key.slice(prefix.length)))
    if (found.length === 0) return endEmpty(step, prefix + match)
    const chosen = chooseObjects(step, found)
    refuseNames(step, chosen)
    const files = await fetchAll(store, chosen, context)
    return { ok: true, note: describeFiles(step, files), files }
  },
}

/** Some at the same time. Of failures the first by key is thrown, when all that had begun has ended. */
async function fetchAll(
  store: ObjectStore,
  objects: ObjectEntry[],
  context: StepContext,
): Promise<OfferedFile[]> {
  const left = objects.entries()
  const files: OfferedFile[] = []
  const failures: [index: number, error: unknown][] = []
  const work = async () => {
    for (const [index, object] of left) {
      if (failures.length > 0) return
      await fetchOne(store, object, context).then(
        (file) => {
          files[index] = file
        },
        (error: unknown) => failures.push([index, error]),
      )
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const [first] = failures.sort(([one], [other]) => one - other)
  if (first) throw first[1]
  return files
}

async function fetchOne(
  store: ObjectStore,
  object: ObjectEntry,
  { artifacts, signal }: StepContext,
): Promise<OfferedFile> {
  const path = await artifacts.scratch()
  try {
    const copied = await store.fetch(object, path, signal)
    const artifact = await artifacts.adopt(path)
    // Between the copy and the store of artifacts are only disks of our own.
    if (artifact.sha256 !== copied.sha256) {
      throw new JobsdError('ARTIFACT_DAMAGED', { sha256: copied.sha256 })
    }
    const fileName = fileNameOf(object)
    return { ...artifact, fileName, mediaType: mediaTypeOf(fileName), rows: null, period: null, origin: null }
  } finally {
    await rm(path, { force: true })
  }
}

function endEmpty(step: FetchStep, path: string): StepResult {
  if (step.onEmpty === 'fail') throw new JobsdError('FILE_MISSING', { path: `${step.connection}:${path}` })
  return { ok: true, skip: true, note: `nothing in ${step.connection} matches ${path}` }
}

/** Those to copy, by key. Throws TOO_MANY_FILES. */
function chooseObjects(step: FetchStep, found: ObjectEntry[]): ObjectEntry[] {
  const { connection, name, newest } = step
  const { maxFiles = newest ?? 100 } = step
  const byKey = (a: ObjectEntry, b: ObjectEntry) => (a.key < b.key ? -1 : 1)
  const latest = found.toSorted((a, b) => b.mtimeMs - a.mtimeMs || byKey(b, a)).slice(0, newest)
  if (latest.length > maxFiles) {
    throw new JobsdError('TOO_MANY_FILES', {
      connection,
      step: name,
      count: latest.length,
      allowed: maxFiles,
    })
  }
  return latest.sort(byKey)
}

/** Throws TARGET_REFUSED for a key whose last part no file may be called, FILE_EXISTS where two are called the same. */
function refuseNames({ connection }: FetchStep, objects: ObjectEntry[]): void {
  const taken = new Set<string>()
  for (const object of objects) {
    const fileName = fileNameOf(object)
    const isOdd = unsafe.test(fileName) || Buffer.byteLength(fileName) > maxNameBytes
    if (isOdd || object.key.split('/').some((part) => ['', '.', '..'].includes(part))) {
      const reason = 'no file may be called so'
      throw new JobsdError('TARGET_REFUSED', { connection, path: JSON.stringify(object.key), reason })
    }
    if (taken.has(fileName)) throw new JobsdError('FILE_EXISTS', { path: object.key })
    taken.add(fileName)
  }
}

function fileNameOf({ key }: ObjectEntry): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

function describeFiles({ connection }: FetchStep, files: OfferedFile[]): string {
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const what = files.length === 1 ? files[0]!.fileName : spellCount(files.length, 'file')
  return `${what} copied from ${connection}, ${spellCount(bytes, 'byte')}`
}
