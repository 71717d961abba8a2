/** The files of a new step type. */

export interface NewStep {
  /** As in manifests: `wait-for-file`. */
  type: string
  /** As people see it: `Wait For File`. */
  title: string
}

/** `Wait For File` for `wait-for-file` */
export function titleOf(type: string): string {
  return type
    .split('-')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join(' ')
}

/** `waitForFileStep` */
export function constantOf({ type }: NewStep): string {
  return `${type.replace(/-(.)/g, (_all, letter: string) => letter.toUpperCase())}Step`
}

export function schemaOf({ type, title }: NewStep): string {
  const description = `Describe in one sentence what ${type} does.`
  const common = (name: string, rest: object) => ({
    [name]: { $ref: `../defs.json#/$defs/${name}`, ...rest },
  })
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `${titleOf(type).replaceAll(' ', '')}Step`,
    description,
    'x-title': title,
    type: 'object',
    additionalProperties: false,
    required: ['name', 'type', 'from'],
    properties: {
      ...common('name', { description: "The step's name, unique in the job.", examples: [type] }),
      type: { const: type, description, examples: [type] },
      ...common('from', {
        description:
          'Where the files come from: a step, `trigger` (the file that started the run), or a list of these.',
        examples: ['build'],
      }),
      timeout: {
        $ref: '../defs.json#/$defs/duration',
        description: 'One attempt is ended after this long. Default 10m.',
        examples: ['5m'],
      },
      ...common('retry', {}),
      onSuccess: {
        $ref: '../defs.json#/$defs/target',
        description: 'Next Success Step. Default: the next step in the list, `end` after the last.',
        examples: ['upload'],
      },
      onFailure: {
        $ref: '../defs.json#/$defs/target',
        description: 'Next Failure Step. Default: `fail`.',
        examples: ['fail'],
      },
    },
  }
  // As the formatter has it: a short list on one line.
  const text = JSON.stringify(schema, null, 2)
  return `${text.replace(/\[\n\s+("[^\n]*")\n\s+\]/g, '[$1]').replace(/\[\n\s+("name"),\n\s+("type"),\n\s+("from")\n\s+\]/, '[$1, $2, $3]')}\n`
}

export function sourceOf(step: NewStep): string {
  return `import type { StepType } from '../core/contracts/step.ts'

/** Says which files it was given: what it shall do with them goes here. */
export const ${constantOf(step)}: StepType<'${step.type}'> = {
  type: '${step.type}',
  run(step, context) {
    const files = context.inputs(step.from)
    return Promise.resolve({ ok: true, note: \`\${files.length} files were looked at\` })
  },
}
`
}

export function testOf(step: NewStep): string {
  const constant = constantOf(step)
  return `import t from 'tap'
import type { StepOf } from '../../../engine/core/model.ts'
import { ${constant} } from '../../../engine/steps/${step.type}.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createStep } from '../../fakes/snapshot.ts'
import { createStepContext, offerFile } from '../../fakes/step-context.ts'

const step: StepOf<'${step.type}'> = createStep({
  name: '${step.type}',
  type: '${step.type}',
  from: 'build',
})

t.test('looks at each file that it is given', async (t) => {
  const folder = t.testdir()
  const artifacts = createTestArtifacts(folder)
  const files = [await offerFile(artifacts, 'calls.csv', 'one,two\\n')]
  const context = createStepContext(step.name, folder, { files, artifacts })
  t.same(await ${constant}.run(step, context), { ok: true, note: '1 files were looked at' })
})
`
}
