/** Where manifests come from: a plain folder, or a Git remote. */

export interface SourceFile {
  /** Bytes in the source; `content` is empty where it is over the reader's cap, or of a kind that nobody reads. */
  size: number
  /** A link, a device or a submodule is `other`: it is reported, never read. */
  kind: 'file' | 'other'
  content: Uint8Array
}

/** One consistent state of a source. */
export interface SourceTree {
  /** A Git commit, or `sha256:<digest of the folder>`. */
  revision: string
  /** By path relative to the root, `/`-separated: jobs.d/** and templates/**. */
  files: ReadonlyMap<string, SourceFile>
}

export interface ConfigSource {
  /** What is read, for people: a path or a URL without credentials. */
  readonly description: string
  /** Reads the whole state now. */
  read(signal: AbortSignal): Promise<SourceTree>
  /** Calls back when something may have changed; a hint only, the truth is `read`. Returns how to stop. */
  watch(onHint: () => void): Promise<() => Promise<void>>
}
