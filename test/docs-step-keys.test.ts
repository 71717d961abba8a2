/** Each step's section of manifest.md names the keys of its schema, and says which of them it cannot do without. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'schemas/steps')
const page = readFileSync(join(root, 'docs/manifest.md'), 'utf8')
/** Told once for all steps. */
const common = ['name', 'type', 'retry', 'onSuccess', 'onFailure']
const ofOthers = ['timeout']

interface StepSchema {
  properties: Record<string, unknown>
  required: string[]
}

/** The text below the step's heading, up to the next one. */
function sectionOf(type: string): string {
  const [, text = ''] = page.split(`\n#### \`${type}\`\n`)
  return text.split(/\n#{2,4} /)[0] ?? ''
}

for (const file of readdirSync(folder)) {
  const type = file.replace('.json', '')
  t.test(`the section of ${type} has every key of its schema, and says which are required`, async (t) => {
    const { properties, required } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as StepSchema
    const section = sectionOf(type)
    for (const key of Object.keys(properties)) {
      if (common.includes(key) || (ofOthers.includes(key) && !required.includes(key))) continue
      const lines = section.split('\n').filter((line) => line.includes(`\`${key}\``))
      // The row of a table that begins with it, where it has one.
      const rows = lines.filter((line) => line.startsWith('|') && line.split('|')[1]?.includes(`\`${key}\``))
      t.ok(lines.length > 0, `${key} is told`)
      const isSaid = (rows.length > 0 ? rows : lines).some((line) => /required|must state/.test(line))
      t.equal(
        isSaid,
        required.includes(key),
        `${key} is ${required.includes(key) ? '' : 'not '}called required`,
      )
    }
  })
}
