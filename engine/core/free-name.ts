import { splitFileName } from './paths.ts'

/** How many names are tried where one is taken. */
const MAX_NAMES = 1000
const MAX_NAME_BYTES = 255

/** The names that a file may come to have where its own is taken: `a.csv`, `a-2.csv`, `a-3.csv`, 1,000 in all. */
export function* alternativeNames(fileName: string): Generator<string> {
  yield fileName
  const { name, ext } = splitFileName(fileName)
  for (let number = 2; number <= MAX_NAMES; number++) {
    const end = `-${number}${ext === '' ? '' : `.${ext}`}`
    let start = name
    while (new TextEncoder().encode(start + end).length > MAX_NAME_BYTES)
      start = [...start].slice(0, -1).join('')
    yield start + end
  }
}
