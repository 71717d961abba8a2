/** What `validate` is measured against: ajv-cli with the same schema in one file. */

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { formats } from '../../engine/config/formats.ts'

/** Installs ajv-cli into a folder by npm and writes the schema and formats beside it; gives the arguments for Node. */
export function installAjvCli(folder: string, schemas: string): string[] {
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  const packages = ['ajv-cli@5.0.0', 'ajv-formats@2.1.1']
  execFileSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', ...packages],
    {
      cwd: folder,
      stdio: ['ignore', 2, 2],
    },
  )
  writeFileSync(join(folder, 'job.json'), JSON.stringify(bundleSchemas(schemas, 'job.json')))
  writeFileSync(join(folder, 'ours.cjs'), ours(Object.keys(formats)))
  return [
    join(folder, 'node_modules/ajv-cli/dist/index.js'),
    'validate',
    '--spec=draft2020',
    `-s=${join(folder, 'job.json')}`,
    '-c=ajv-formats',
    `-c=${join(folder, 'ours.cjs')}`,
    '--strict=false',
    '--all-errors',
  ]
}

/** What the command line has no option for. Our formats accept all: what they cost is not held against ajv-cli. */
function ours(names: string[]): string {
  return `module.exports = (ajv) => {
  ajv.opts.discriminator = true
  ajv.addKeyword(require('ajv/dist/vocabularies/discriminator').default)
  for (const name of ${JSON.stringify(names)}) ajv.addFormat(name, true)
}
`
}

interface Schema {
  [key: string]: unknown
}

/** All schemas of a folder in one document, references inside it. */
function bundleSchemas(folder: string, root: string): Schema {
  const definitions: Schema = {}
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.json') || entry === 'catalog-entry.json') continue
    const path = entry.replaceAll('\\', '/')
    definitions[nameOf(path)] = rewrite(JSON.parse(readFileSync(join(folder, entry), 'utf8')), path)
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $ref: `#/$defs/${nameOf(root)}`,
    $defs: definitions,
  }
}

function nameOf(path: string): string {
  return path.replaceAll('/', '-')
}

function rewrite(node: unknown, path: string): unknown {
  if (Array.isArray(node)) return node.map((child) => rewrite(child, path))
  if (node === null || typeof node !== 'object') return node
  const entries = Object.entries(node).filter(([key]) => key !== '$schema' && key !== '$id')
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (key !== '$ref' || typeof value !== 'string') return [key, rewrite(value, path)]
      const [file, pointer = ''] = value.split('#')
      const target = file ? posix.join(dirname(path), file) : path
      return [key, `#/$defs/${nameOf(target)}${pointer}`]
    }),
  )
}
