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
  /** The branch, or that of the operators' documents, was rewritten since `accepted`. */
  rewritten: boolean
  /** Signatures are asked for, but the source is a plain folder, which has none. */
  isUnverified: boolean
}

/** What was accepted last, and who made its commit: null where nothing was, or it came out of a plain folder. */
export interface Accepted {
  revision: string | null
  commit: CommitFacts | null
}

/**
 * Loads a state and checks its commits by the rules in force. Operators' documents with a source of their own are not
 * customer care's to change, so those of this very state count; so they do where none were ever in force. Throws what
 * `vouch` throws.
 */
export async function loadTrusted(
  { source, platform }: Sources,
  read: SourceState,
  accepted: Accepted,
  operators: Operators,
  incumbents: ReadonlyMap<JobId, Trigger['type']>,
  signal: AbortSignal,
): Promise<Trusted> {
  const [revision = '', platformRevision] = read.revision.split('+')
  const [before = null, platformBefore = null] = accepted.revision?.split('+') ?? []
  let config: Config | undefined
  let settings = operators.settings
  let isPlatformRewritten = false
  if (platform || !settings) {
    // A platform commit that was accepted is not held to the signers that it names itself.
    const rules = settings && platformRevision !== platformBefore ? trustRulesOf(settings) : undefined
    if (rules && platformRevision) {
      const told = await platform?.vouch?.(platformRevision, commitOf(platformBefore), rules, signal)
      isPlatformRewritten = told?.rewritten ?? false
    }
    config = await read.load(incumbents)
    const own = config.settings?.value ?? null
    if (!settings && platformRevision)
      await platform?.vouch?.(platformRevision, null, trustRulesOf(own), signal)
    settings = own ?? settings
  }
  const rules = trustRulesOf(settings)
  // Operators' documents that were apart, or were not, are others now: nothing of them was accepted yet.
  const isAsBefore = (platformRevision === undefined) === (platformBefore === null)
  const known = isAsBefore && revision === before ? accepted.commit : null
  const isVouched = known !== null && (known.signature.state === 'good' || rules.verify === 'none')
  const vouched = isVouched
    ? // A key may have expired since; what runs already was judged by the rules of its time.
      { facts: known, rewritten: false }
    : await source.vouch?.(revision, isAsBefore ? commitOf(before) : null, rules, signal)
  return {
    config: config ?? (await read.load(incumbents)),
    commit: vouched?.facts ?? null,
    rewritten: isPlatformRewritten || (vouched?.rewritten ?? false),
    isUnverified: rules.verify !== 'none' && !source.vouch,
  }
}

/** What ran before may have come out of a plain folder. */
function commitOf(revision: string | null): string | null {
  return revision !== null && /^[0-9a-f]{40,64}$/.test(revision) ? revision : null
}
