/** Writes engine/core/step-traits.ts from the schemas of the step types. `--check` only compares and exits 1 on a difference. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const target = join(root, 'engine/core/step-traits.ts')

interface StepSchema {
  'x-title': string
  'x-offersFiles'?: boolean
  properties: Record<string, { const?: string; type?: string; 'x-connectionTypes'?: string[] }>
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(join(root, 'schemas', path), 'utf8')) as T
}

/** One entry a step type, in the order of the job's schema. */
async function renderTraits(): Promise<string> {
  const job = await readJson<{ properties: { steps: { items: { oneOf: { $ref: string }[] } } } }>('job.json')
  const entries: string[] = []
  for (const { $ref } of job.properties.steps.items.oneOf) {
    const schema = await readJson<StepSchema>($ref)
    const connections = Object.entries(schema.properties).flatMap(([property, node]) =>
      node['x-connectionTypes'] ? [{ property, types: node['x-connectionTypes'] }] : [],
    )
    const traits = { title: schema['x-title'], offersFiles: schema['x-offersFiles'] ?? false, connections }
    entries.push(`  ${JSON.stringify(schema.properties.type!.const)}: ${JSON.stringify(traits)},`)
  }
  return `// Generated from schemas/steps/ by \`npm run generate\`. Do not edit.
import type { Connection, Job } from './manifest.ts'

/** What the schema of a step type tells of it besides its shape. */
export interface StepTraits {
  /** The platform's own name, as people see it: \`FTPOutCopy\`. */
  title: string
  /** Its files can be named by a later step's \`from\`. */
  offersFiles: boolean
  /** The properties that name a connection, or a list of them, and of which types these may be. */
  connections: { property: string; types: Connection['type'][] }[]
}

export const stepTraits: Record<Job['steps'][number]['type'], StepTraits> = {
${entries.join('\n')}
}
`
}

const rendered = await renderTraits()
if (process.argv.includes('--check')) {
  const committed = await readFile(target, 'utf8').catch(() => '')
  if (committed !== rendered) {
    console.error(
      'engine/core/step-traits.ts differs from schemas/steps/: run `npm run generate` and commit the result',
    )
    process.exitCode = 1
  }
} else {
  await writeFile(target, rendered)
}
