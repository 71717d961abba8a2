/** Writes engine/core/manifest.ts from schemas/: the manifests' TypeScript types. `--check` only compares and exits 1 on a difference. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compile } from 'json-schema-to-typescript'

const root = join(import.meta.dirname, '..')
const kinds = [
  'job',
  'client',
  'client-policy',
  'connection',
  'calendar',
  'settings',
  'report',
  'job-test',
  'step-type',
]
const target = join(root, 'engine/core/manifest.ts')

/** Renders the types of all kinds as one TypeScript source. */
async function renderTypes(): Promise<string> {
  const schema = {
    title: 'Manifest',
    oneOf: kinds.map((kind) => ({ $ref: `./${kind}.json` })),
  }
  const types = await compile(schema, 'Manifest', {
    cwd: `${join(root, 'schemas')}/`,
    bannerComment: '// Generated from schemas/ by `npm run generate`. Do not edit.',
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    format: false,
  })
  // Undefined is allowed where a property is optional: compiled jobs are plain JSON and lose it anyway.
  return types
}

const rendered = await renderTypes()
if (process.argv.includes('--check')) {
  const committed = await readFile(target, 'utf8').catch(() => '')
  if (committed !== rendered) {
    console.error(
      'engine/core/manifest.ts differs from schemas/: run `npm run generate` and commit the result',
    )
    process.exitCode = 1
  }
} else {
  await writeFile(target, rendered)
}
