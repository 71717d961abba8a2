/** Sentences in which the words of manifests are kept apart from ours, so that each output can escape them its way. */

/** Texts are ours, values are a manifest's, as they are there. */
export type Phrase = readonly (string | { value: string })[]

/** A tagged template: what is filled in becomes a value; a phrase that is filled in keeps its own parts. */
export function phrase(texts: TemplateStringsArray, ...filled: (string | number | Phrase)[]): Phrase {
  return texts.flatMap((text, index) => {
    const fill = filled[index]
    const parts = fill === undefined ? [] : Array.isArray(fill) ? fill : [{ value: String(fill) }]
    return text === '' ? parts : [text, ...parts]
  })
}

/** Joins phrases with a text of ours between them. */
export function joinPhrases(phrases: readonly Phrase[], between = ', '): Phrase {
  return phrases.flatMap((each, index) => (index === 0 ? each : [between, ...each]))
}

/** The plain text, `show` applied to each value. */
export function spellPhrase(parts: Phrase, show: (value: string) => string = (value) => value): string {
  return parts.map((part) => (typeof part === 'string' ? part : show(part.value))).join('')
}
