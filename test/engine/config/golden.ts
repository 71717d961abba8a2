/** Reads golden config repositories: a case is a few files over a small one that is fine. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFolderSource } from '../../../engine/adapters/folder-source.ts'
import type { Config } from '../../../engine/config/config.ts'
import { loadConfig } from '../../../engine/config/load.ts'
import type { SourceFile, SourceTree } from '../../../engine/core/contracts/config-source.ts'

export const manifestsFolder = join(import.meta.dirname, '../../manifests')
const small = await readFolder(join(manifestsFolder, 'ok/small'))
const nothing: SourceTree = { revision: 'none', files: new Map() }

export function readFolder(folder: string): Promise<SourceTree> {
  return createFolderSource(folder).read(new AbortController().signal)
}

/** The small repository with the files of a case over it, less those that its removed.txt names. */
export async function readCase(folder: string): Promise<SourceTree> {
  const files = new Map([...small.files, ...(await readFolder(folder)).files])
  const removed = join(folder, 'removed.txt')
  if (existsSync(removed)) {
    for (const path of readFileSync(removed, 'utf8').trim().split('\n')) files.delete(path)
  }
  return { revision: 'case', files }
}

export function textFile(text: string): SourceFile {
  const content = new TextEncoder().encode(text)
  return { size: content.byteLength, kind: 'file', content }
}

/** The small repository with some files changed; null removes one. */
export function editSmall(edits: Record<string, string | ((text: string) => string) | null>): SourceTree {
  const files = new Map(small.files)
  for (const [path, edit] of Object.entries(edits)) {
    if (edit === null) files.delete(path)
    else if (typeof edit === 'string') files.set(path, textFile(edit))
    else files.set(path, textFile(edit(new TextDecoder().decode(files.get(path)!.content))))
  }
  return { revision: 'edited', files }
}

export function load(tree: SourceTree, options: Partial<Parameters<typeof loadConfig>[1]> = {}): Config {
  return loadConfig(tree, { standard: nothing, ...options })
}
