/** Manifests by their bytes: what was parsed and checked once is not parsed again. */
import { hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { SourceFile } from '../core/contracts/config-source.ts'
import type { Problem } from '../core/model.ts'
import { decodeText, type Parsed, parseText } from './parse.ts'
import { type ParseWorkers, parseInWorkers } from './parse-workers.ts'
import { createQuickDocument, moveDocument } from './quick-document.ts'
import { parseQuickly } from './quick-parse.ts'
import { checkSchema, type Kind } from './schemas.ts'

/** A manifest as far as it could be read. */
export interface ReadManifest extends Parsed {
  /** Whether the document fits the schema of its kind; never where there is none. */
  isValid: boolean
}

export interface ManifestReader {
  /**
   * Parses a file and checks it against the schema of its kind (null: only what a file of no kind must not be). The
   * same bytes give the same answer without parsing. Blocks for as long as the parser needs: see `prepare`.
   */
  read(kind: Kind | null, file: string, source: SourceFile): ReadManifest
  /**
   * Parses these files so that `read` only looks them up, and forgets files that are not among them. Never holds up
   * the event loop for long: what needs all of YAML is parsed in workers, and a file that takes longer than the
   * limit is a problem of that file only.
   */
  prepare(files: Iterable<readonly [string, SourceFile]>): Promise<void>
  /** Texts parsed so far: by the quick parser, by the whole one, and once more to place a problem. */
  readonly counts: Readonly<{ quick: number; whole: number; placed: number }>
}

/** What is known of some bytes, for the file in which they were first seen. */
interface Known {
  parsed: Parsed
  /** What the schema of the kind says that was asked for last. */
  checked: { kind: Kind; faults: Problem[] } | undefined
}

// About 10 ms of parsing.
const filesAtOnce = 250

export function createManifestReader(workers: ParseWorkers = {}): ManifestReader {
  let known = new Map<string, Known>()
  let before: ReadonlyMap<string, Known> = new Map()
  const counts = { quick: 0, whole: 0, placed: 0 }

  const onPlaces = () => {
    counts.placed++
  }

  function find(key: string): Known | undefined {
    const found = known.get(key) ?? before.get(key)
    if (found) known.set(key, found)
    return found
  }

  function keep(key: string, parsed: Parsed): Known {
    const entry = { parsed, checked: undefined }
    known.set(key, entry)
    return entry
  }

  /** What needs no more than a look and the quick parser; a text where it needs more. */
  function parseCheaply(file: string, source: SourceFile): Parsed | string {
    const decoded = decodeText(file, source)
    if ('problem' in decoded) return { document: null, problems: [decoded.problem] }
    const value = parseQuickly(decoded.text)
    if (value === undefined) {
      counts.whole++
      return decoded.text
    }
    counts.quick++
    return { document: createQuickDocument(file, decoded.text, value, onPlaces), problems: [] }
  }

  function lookUp(file: string, source: SourceFile): Known {
    const key = keyOf(source)
    const found = find(key)
    if (found) return found
    const parsed = parseCheaply(file, source)
    return keep(key, typeof parsed === 'string' ? parseText(file, parsed) : parsed)
  }

  return {
    counts,
    read(kind, file, source) {
      const entry = lookUp(file, source)
      const { document, problems } = moveTo(file, entry.parsed)
      if (!document || kind === null) return { document, problems, isValid: false }
      if (entry.checked?.kind !== kind) entry.checked = { kind, faults: checkSchema(kind, document) }
      const { faults } = entry.checked
      return { document, problems: nameIn(file, faults), isValid: faults.length === 0 }
    },
    async prepare(files) {
      before = known
      known = new Map()
      const hard = new Map<string, { file: string; text: string }>()
      let count = 0
      for (const [file, source] of files) {
        const key = keyOf(source)
        if (find(key) || hard.has(key)) continue
        const parsed = parseCheaply(file, source)
        if (typeof parsed === 'string') hard.set(key, { file, text: parsed })
        else keep(key, parsed)
        if (++count % filesAtOnce === 0) await setImmediate()
      }
      const keys = [...hard.keys()]
      await parseInWorkers([...hard.values()], workers, (index, parsed) => {
        keep(keys[index]!, parsed)
      })
    },
  }
}

const keys = new WeakMap<SourceFile, string>()

/** Equal for files that parse the same wherever they are. */
function keyOf(source: SourceFile): string {
  let key = keys.get(source)
  if (key === undefined) {
    key = `${source.kind} ${source.size} ${hash('sha256', source.content, 'base64')}`
    keys.set(source, key)
  }
  return key
}

function moveTo(file: string, { document, problems }: Parsed): Parsed {
  if (!document) return { document, problems: nameIn(file, problems) }
  return { document: document.file === file ? document : moveDocument(document, file), problems }
}

function nameIn(file: string, problems: Problem[]): Problem[] {
  return problems.map((problem) => (problem.file === file ? problem : { ...problem, file }))
}
