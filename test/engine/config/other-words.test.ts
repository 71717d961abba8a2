import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { meanings, suggestMeant } from '../../../engine/config/other-words.ts'

const folder = join(import.meta.dirname, '../../../schemas')

/** Every key and every word that a manifest may hold. */
function* wordsOf(node: unknown): Generator<string> {
  if (node === null || typeof node !== 'object') return
  const { properties, enum: allowed, const: only } = node as Record<string, unknown>
  if (properties !== null && typeof properties === 'object') yield* Object.keys(properties)
  for (const word of [...(Array.isArray(allowed) ? allowed : []), only])
    if (typeof word === 'string') yield word
  for (const child of Object.values(node)) yield* wordsOf(child)
}

t.test("what another tool's word stands for is a word of the schemas", async (t) => {
  const known = new Set<string>()
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.json')) continue
    for (const word of wordsOf(JSON.parse(readFileSync(join(folder, file), 'utf8')))) known.add(word)
  }
  for (const [word, targets] of Object.entries(meanings)) {
    t.match(word, /^[a-z0-9]+$/, `${word} is found whatever its case and dashes`)
    t.same(
      targets.filter((target) => !known.has(target)),
      [],
      word,
    )
  }
})

t.test('the meaning comes before the spelling, but for what is only spelt otherwise', async (t) => {
  t.equal(suggestMeant('path', ['match', 'prefix']), '; did you mean "prefix"?')
  t.equal(suggestMeant('Host-Key', ['hostKeys', 'host']), '; did you mean "hostKeys"?')
  t.equal(suggestMeant('base_url', ['baseUrl', 'path']), '; did you mean "baseUrl"?')
  t.equal(suggestMeant('Path', ['path', 'prefix']), '; did you mean "path"?')
  t.equal(suggestMeant('formatt', ['format']), '; did you mean "format"?')
  t.equal(suggestMeant('constructor', ['format']), '')
})
