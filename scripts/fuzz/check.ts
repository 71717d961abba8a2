/** What must hold for every text that is put where a manifest belongs. */
import { isDeepStrictEqual } from 'node:util'
import { loadConfig } from '../../engine/config/load.ts'
import { createManifestReader } from '../../engine/config/manifest-reader.ts'
import { decodeText, parseText } from '../../engine/config/parse.ts'
import { parseQuickly } from '../../engine/config/quick-parse.ts'
import type { SourceFile, SourceTree } from '../../engine/core/contracts/config-source.ts'
import type { Problem } from '../../engine/core/model.ts'

export interface Verdict {
  /** What went wrong, in words; empty where all holds. */
  failures: string[]
  accepted: boolean
  /** Whether the quick parser took it. */
  quick: boolean
  ms: number
}

const nothing: SourceTree = { revision: 'none', files: new Map() }

/** Checks texts in the place of one file of a repository that is fine without them. */
export function createCheck(base: SourceTree, limitMs: number) {
  const reader = createManifestReader()
  return (path: string, content: Uint8Array): Verdict => {
    const source: SourceFile = { size: content.byteLength, kind: 'file', content }
    const tree = { revision: 'fuzzed', files: new Map([...base.files, [path, source]]) }
    const failures = compareParsers(path, source)
    const begun = performance.now()
    let problems: readonly Problem[] = []
    try {
      problems = loadConfig(tree, { standard: nothing, reader }).problems
    } catch (error) {
      failures.push(`it throws: ${(error as Error).stack}`)
    }
    const ms = performance.now() - begun
    if (ms > limitMs) failures.push(`it takes ${Math.round(ms)} ms`)
    for (const problem of problems) {
      const file = tree.files.get(problem.file)
      if (!isInside(problem, file ? new TextDecoder().decode(file.content) : '')) {
        failures.push(`its problem is outside of the file: ${JSON.stringify(problem)}`)
      }
    }
    const accepted = !problems.some(({ file, severity }) => file === path && severity === 'error')
    const decoded = decodeText(path, source)
    return { failures, accepted, quick: 'text' in decoded && parseQuickly(decoded.text) !== undefined, ms }
  }
}

/** The quick parser takes nothing that the whole one refuses, and reads the same from it. */
export function compareParsers(path: string, source: SourceFile): string[] {
  const decoded = decodeText(path, source)
  if ('problem' in decoded) return []
  const quick = parseQuickly(decoded.text)
  if (quick === undefined) return []
  const { document, problems } = parseText(path, decoded.text)
  if (!document) return [`only the quick parser takes it: ${problems[0]?.message}`]
  // Deep equality does not look at the order of keys; the text does not tell -0 from 0.
  const same =
    isDeepStrictEqual(document.value, quick) && JSON.stringify(document.value) === JSON.stringify(quick)
  return same ? [] : [`the parsers differ: ${JSON.stringify(quick)} for ${JSON.stringify(document.value)}`]
}

function isInside({ line, column, endLine, endColumn }: Problem, text: string): boolean {
  const lines = text.split('\n')
  const isPlace = (atLine: number, atColumn: number) =>
    atLine >= 1 && atLine <= lines.length && atColumn >= 1 && atColumn <= lines[atLine - 1]!.length + 1
  const isOrdered = endLine > line || (endLine === line && endColumn >= column)
  return isPlace(line, column) && isPlace(endLine, endColumn) && isOrdered
}
