import type { Effect, JobChange, Plan, SharedChange } from '../core/changes/model.ts'
import { type Phrase, spellPhrase } from '../core/changes/phrase.ts'

/** The JSON shape of `jobsd plan` (stable: fields may be added, never renamed). Texts are as the manifests have them. */
export function formatPlanJson(plan: Plan): string {
  const { before, after, changes, shared, problems, mended, blastRadius } = plan
  const document = {
    before,
    after,
    changes: changes.map(toChangeJson),
    shared: shared.map(toSharedJson),
    problems,
    mended,
    blastRadius: { ...withoutPhrase(blastRadius), text: spellPhrase(blastRadius.phrase) },
  }
  return JSON.stringify(document, null, 2)
}

function toChangeJson({ job, kind, effects, ...rest }: JobChange) {
  return { job, kind, effects: effects.map(toEffectJson), ...rest }
}

function toEffectJson(effect: Effect) {
  const { kind, ...facts } = withoutPhrase(effect)
  return { kind, text: spellPhrase(effect.phrase), ...facts }
}

function toSharedJson({ differences, ...rest }: SharedChange) {
  return { ...rest, differences: differences.map((each) => spellPhrase(each)) }
}

function withoutPhrase<T extends { phrase: Phrase }>({ phrase: _, ...facts }: T): Omit<T, 'phrase'> {
  return facts
}
