/** Reads a revision from its sources, and asks who vouches for it. */
import type { Config } from '../config/config.ts'
import { loadConfigAside } from '../config/load.ts'
import type { ManifestReader } from '../config/manifest-reader.ts'
import { type Operators, trustRulesOf } from '../config/operators.ts'
import type { CommitFacts, ConfigSource } from '../core/contracts/config-source.ts'
import type { JobId, Trigger } from '../core/model.ts'

export interface Sources {
  source: ConfigSource
  platform: ConfigSource | undefined
  /** The standard templates that come with jobsd. */
  standard: ConfigSource
}

/** What the sources hold now. */
export interface SourceState {
  /** The repository's revision, and the platform's own where it has a source of its own: `<one>+<other>`. */
  revision: string
  /** Tells this state from any other, the standard templates included. */
  state: string
  load(incumbents: ReadonlyMap<JobId, Trigger['type']>): Promise<Config>
}

export async function readSources(
  { source, platform, standard }: Sources,
  reader: ManifestReader,
  signal: AbortSignal,
): Promise<SourceState> {
  const [tree, standardTree, platformTree] = await Promise.all([
    source.read(signal),
    standard.read(signal),
    platform?.read(signal),
  ])
  const revision = platformTree ? `${tree.revision}+${platformTree.revision}` : tree.revision
  return {
    revision,
    state: `${revision} ${standardTree.revision}`,
    load: (incumbents) =>
      loadConfigAside(tree, {
        standard: standardTree,
        incumbents,
        reader,
        ...(platformTree && { platform: platformTree }),
      }),
  }
}

/** A revision that may run. */
export interface Trusted {
  config: Config
  /** Who made the repository's commit; null for a plain folder. */
  commit: CommitFacts | null
  /** The branch was rewritten since `accepted`. */
  rewritten: boolean
}

/**
 * Loads a state and checks its commits by the rules in force. Operators' documents with a source of their own are not
 * customer care's to change, so those of this very state count; so they do where none were ever in force. Throws what
 * `vouch` throws. `known` is who made the accepted commit.
 */
export async function loadTrusted(
  { source, platform }: Sources,
  read: SourceState,
  accepted: string | null,
  known: CommitFacts | null,
  operators: Operators,
  incumbents: ReadonlyMap<JobId, Trigger['type']>,
  signal: AbortSignal,
): Promise<Trusted> {
  const [revision = '', platformRevision] = read.revision.split('+')
  const [before = null, platformBefore = null] = accepted?.split('+') ?? []
  let config: Config | undefined
  let settings = operators.settings
  if (platform?.vouch && platformRevision && settings)
    await platform.vouch(platformRevision, commitOf(platformBefore), trustRulesOf(settings), signal)
  if (platform || !settings) {
    config = await read.load(incumbents)
    if (platform?.vouch && platformRevision && !settings) {
      const own = trustRulesOf(config.settings?.value ?? null)
      await platform.vouch(platformRevision, null, own, signal)
    }
    settings = config.settings?.value ?? settings
  }
  // What runs already was vouched for by the rules of its time; a key may have expired since.
  const isKnown = known !== null && revision === before
  const vouched = isKnown
    ? { facts: known, rewritten: false }
    : await source.vouch?.(revision, commitOf(before), trustRulesOf(settings), signal)
  return {
    config: config ?? (await read.load(incumbents)),
    commit: vouched?.facts ?? null,
    rewritten: vouched?.rewritten ?? false,
  }
}

/** What ran before may have come out of a plain folder. */
function commitOf(revision: string | null): string | null {
  return revision !== null && /^[0-9a-f]{40,64}$/.test(revision) ? revision : null
}
