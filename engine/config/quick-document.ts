/** Documents of the quick parser, whose places are found only when something is to be pointed at. */
import { parseText } from './parse.ts'
import type { LoadedDocument, Place } from './places.ts'

// A class, since a getter in an object literal makes each object a type of its own: with 10,000 documents everything
// that touches them becomes slow.
class QuickDocument implements LoadedDocument<unknown> {
  readonly file: string
  readonly text: string
  readonly value: unknown
  readonly #findPlaces: () => ReadonlyMap<string, Place>
  #places: ReadonlyMap<string, Place> | undefined

  constructor(file: string, text: string, value: unknown, findPlaces: () => ReadonlyMap<string, Place>) {
    this.file = file
    this.text = text
    this.value = value
    this.#findPlaces = findPlaces
  }

  get places(): ReadonlyMap<string, Place> {
    this.#places ??= this.#findPlaces()
    return this.#places
  }
}

/** A document of a text that the quick parser took; `onPlaces` is called when the whole one has to find places. */
export function createQuickDocument(
  file: string,
  text: string,
  value: unknown,
  onPlaces: () => void,
): LoadedDocument<unknown> {
  return new QuickDocument(file, text, value, () => {
    onPlaces()
    const { document, problems } = parseText(file, text)
    if (document) return document.places
    throw new Error(`${file}: taken by the quick parser, refused by the whole one: ${problems[0]?.message}`)
  })
}

/** The same document at another path. */
export function moveDocument(document: LoadedDocument<unknown>, file: string): LoadedDocument<unknown> {
  return new QuickDocument(file, document.text, document.value, () => document.places)
}
