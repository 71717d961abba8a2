/**
 * `npm run new step <type> [-- --title "Title"]`: makes a step type's schema, source, test and documentation, and adds
 * it to the lists. What it makes compiles, passes its test and does nothing yet.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseOptions } from '../parse-options.ts'
import { addToDocs, addToJobSchema, addToList } from './lists.ts'
import { type NewStep, schemaOf, sourceOf, testOf, titleOf } from './step-files.ts'

const { positionals, values } = parseOptions(import.meta.filename, {
  allowPositionals: true,
  options: { title: { type: 'string' }, root: { type: 'string' } },
})
const root = resolve(values.root ?? join(import.meta.dirname, '../..'))

/** Makes the files; nothing is written unless everything can be. Returns them, the new ones first. */
async function makeStep(step: NewStep): Promise<string[]> {
  const made = new Map<string, string>([
    [`schemas/steps/${step.type}.json`, schemaOf(step)],
    [`engine/steps/${step.type}.ts`, sourceOf(step)],
    [`test/engine/steps/${step.type}.test.ts`, testOf(step)],
  ])
  for (const path of made.keys()) {
    if (existsSync(join(root, path))) throw new Error(`${path} is there already; choose another name`)
  }
  const edits: [string, (text: string, step: NewStep) => string][] = [
    ['schemas/job.json', addToJobSchema],
    ['engine/steps/index.ts', addToList],
    ['docs/manifest.md', addToDocs],
  ]
  for (const [path, edit] of edits) made.set(path, edit(await readFile(join(root, path), 'utf8'), step))
  for (const [path, text] of made) await writeFile(join(root, path), text)
  return [...made.keys()]
}

const left = (type: string) => `
To do:
  schemas/steps/${type}.json       its own keys; x-offersFiles, x-connectionTypes (docs/extending.md)
  engine/steps/${type}.ts          what it does
  engine/catalog/step-view.ts      what customers read of it
  docs/manifest.md                 its words and sample
then npm run generate && npm run check && npm test -- test/docs.test.ts test/engine/steps/${type}.test.ts`

const [what, type = '', ...more] = positionals
if (what !== 'step' || !/^[a-z]+(-[a-z0-9]+)*$/.test(type) || more.length > 0) {
  console.error(
    'usage: npm run new step <type> [-- --title "Title"]; the type is lower-case letters and dashes',
  )
  process.exitCode = 2
} else {
  try {
    const made = await makeStep({ type, title: values.title ?? titleOf(type) })
    const generate = join(root, 'scripts/generate.ts')
    const { status } = spawnSync(process.execPath, [generate], { stdio: 'inherit' })
    if (status !== 0) throw new Error('npm run generate failed; see above')
    console.log(
      `${made.map((path, index) => `${index < 3 ? 'new     ' : 'changed '} ${path}`).join('\n')}\n${left(type)}`,
    )
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
