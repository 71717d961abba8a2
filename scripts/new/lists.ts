/** Adds a new step type to what lists them. Each throws where a file no longer looks as it knows it. */
import { constantOf, type NewStep } from './step-files.ts'

/** schemas/job.json: one branch more. */
export function addToJobSchema(text: string, { type }: NewStep): string {
  const last = text.lastIndexOf('"$ref": "./steps/')
  const end = text.indexOf('\n          }', last)
  if (last < 0 || end < 0) throw new Error('schemas/job.json: the list of steps is not where it was')
  const at = end + '\n          }'.length
  return `${text.slice(0, at)},
          {
            "$ref": "./steps/${type}.json"
          }${text.slice(at)}`
}

/** engine/steps/index.ts: one import, in its place by path, and one line. */
export function addToList(text: string, step: NewStep): string {
  const lines = text.split('\n')
  const line = `import { ${constantOf(step)} } from './${step.type}.ts'`
  const pathOf = (each: string) => /^import .* from '\.\/(.+)\.ts'$/.exec(each)?.[1]
  const before = lines.findIndex((each) => (pathOf(each) ?? '') > step.type)
  const afterLast = lines.findLastIndex((each) => pathOf(each) !== undefined) + 1
  lines.splice(before < 0 ? afterLast : before, 0, line)
  const start = lines.findIndex((each) => each.startsWith('const standard:'))
  const end = lines.indexOf(']', start)
  if (start < 0 || end < 0) throw new Error('engine/steps/index.ts: the list is not where it was')
  lines.splice(end, 0, `  ${constantOf(step)},`)
  return lines.join('\n')
}

/** docs/manifest.md: a section with a sample that is checked as it stands. */
export function addToDocs(text: string, { type, title }: NewStep): string {
  const at = text.indexOf('### Periods\n')
  if (at < 0) throw new Error('docs/manifest.md: the heading Periods is not where it was')
  const section = `#### \`${type}\`

${title}. Describe here what it is for.

\`\`\`yaml
- name: ${type}
  type: ${type}
  from: build
\`\`\`

`
  return text.slice(0, at) + section + text.slice(at)
}
