import t from 'tap'
import { problemFormats } from '../../../engine/cli/problem-formats.ts'
import { validate } from '../../../engine/cli/validate.ts'
import type { ConfigSource, SourceTree } from '../../../engine/core/contracts/config-source.ts'
import { editSmall } from '../config/golden.ts'

const eod = 'jobs.d/acme/eod.yaml'
const standard = sourceOf({ revision: 'standard', files: new Map() })

function sourceOf(tree: SourceTree): ConfigSource {
  return {
    description: 'memory',
    rescanMs: 30_000,
    settleMs: 3_000,
    read: async () => tree,
    watch: async () => async () => {},
  }
}

t.test('a fine repository is told in one line', async (t) => {
  const result = await validate(sourceOf(editSmall({})), { standard, strict: true, format: 'text' })
  t.same(result, { output: 'fine: 1 job of 1 client\n', exitCode: 0 })
})

t.test('problems are told with their code and counted', async (t) => {
  const tree = editSmall({
    [eod]: (text) => text.replace('onEmpty: skip', 'onEmpty: maybe'),
    'jobs.d/acme/client.yaml': (text) => text.replace('America/Chicago', 'Chicago'),
  })
  const { output, exitCode } = await validate(sourceOf(tree), { standard, strict: false, format: 'text' })
  t.equal(exitCode, 1)
  t.equal(
    output,
    `jobs.d/acme/client.yaml:5:11: "Chicago" is no time zone; write an IANA name such as "America/Chicago" [schema]
  |
5 | timezone: Chicago
  |           ^~~~~~~
jobs.d/acme/eod.yaml:20:14: "maybe" is not allowed; allowed: "send", "skip" or "fail" [schema]
   |
20 |     onEmpty: maybe
   |              ^~~~~
2 problems in 2 files
`,
  )
})

t.test('warnings fail only a strict check', async (t) => {
  const source = sourceOf(
    editSmall({ [eod]: (text) => text.replace('calendar: us-business', 'onHoliday: next') }),
  )
  const lax = await validate(source, { standard, strict: false, format: 'text' })
  t.equal(lax.exitCode, 0)
  t.match(lax.output, /warning: onHoliday[\s\S]*fine: 1 job of 1 client \(1 warning\)\n$/)
  const strict = await validate(source, { standard, strict: true, format: 'text' })
  t.equal(strict.exitCode, 1)
})

t.test('JSON holds every problem with its place', async (t) => {
  const source = sourceOf(editSmall({ [eod]: (text) => text.replace('    onEmpty: skip\n', '') }))
  const { output, exitCode } = await validate(source, { standard, strict: false, format: 'json' })
  t.equal(exitCode, 1)
  t.same(JSON.parse(output), {
    problems: [
      {
        file: eod,
        line: 14,
        column: 5,
        endLine: 14,
        endColumn: 9,
        rule: 'schema',
        severity: 'error',
        message: 'the key "onEmpty" is missing; allowed: "send", "skip" or "fail"',
      },
    ],
  })
})

t.test('a secret that was written into a manifest is not repeated', async (t) => {
  const file = 'jobs.d/platform/connections/sftp.yaml'
  const source = sourceOf(
    editSmall({ [file]: (text) => text.replace('{ secret: sftp-password }', 'hunter2') }),
  )
  for (const format of problemFormats) {
    const { output } = await validate(source, { standard, strict: false, format })
    t.match(output, 'secret-value')
    t.notMatch(output, 'hunter2')
  }
})

t.test('a platform source is read in place of the folder', async (t) => {
  const source = sourceOf(editSmall({ 'jobs.d/platform/settings.yaml': 'broken' }))
  const platform = sourceOf(editSmall({}))
  const { exitCode } = await validate(source, { standard, platform, strict: true, format: 'text' })
  t.equal(exitCode, 0)
})
