import { join } from 'node:path'
import t from 'tap'
import { createFolderSource } from '../../../engine/adapters/folder-source.ts'
import type { CliParts } from '../../../engine/cli/parts.ts'
import { runCommandLine } from '../../../engine/cli/program.ts'
import type { CheckupRequest, Finding } from '../../../engine/core/contracts/checkup.ts'

const root = join(import.meta.dirname, '../../..')

/** `jobsd doctor` on the example repository; each connection answers with what is found for its name. */
async function doctor(args: string[], found: Record<string, Finding[]> = {}) {
  const [out, err, asked]: [string[], string[], CheckupRequest[]] = [[], [], []]
  const parts: Partial<CliParts> = {
    print: (text) => void out.push(text),
    warn: (text) => void err.push(text),
    env: {},
    source: createFolderSource,
    platform: createFolderSource,
    standard: createFolderSource(root, ['templates']),
    interrupted: () => new AbortController().signal,
    checkup: async (request) => {
      asked.push(request)
      return found[request.connection.name] ?? [{ level: 'ok', text: 'fine' }]
    },
  }
  const exitCode = await runCommandLine(['doctor', root, ...args], '0.0.0', parts as CliParts)
  return { exitCode, out: out.join('\n'), err: err.join('\n'), asked }
}

t.test('every connection is asked, the dataset with the clients and queries that are in use', async (t) => {
  const { exitCode, out, asked } = await doctor([])
  t.equal(exitCode, 0)
  const names = asked.map(({ connection }) => connection.name)
  t.same(names, [...names].sort())
  t.ok(names.length > 8)
  t.ok(asked.every(({ write }) => !write))
  const warehouse = asked.find(({ connection }) => connection.name === 'warehouse')
  t.same([...(warehouse?.tenants ?? [])].sort(), ['acme', 'borealis', 'cobalt'])
  t.ok(warehouse?.queries.some((sql) => sql.includes('FROM calls')))
  t.ok(asked.every(({ connection, queries }) => connection.type === 'dataset' || queries.length === 0))
  t.match(out, /\nwarehouse \(dataset\)\n {2}ok {7}fine\n/)
  t.match(out, new RegExp(`\\n${names.length} connections, 0 problems, 0 warnings$`))
})

t.test(
  'a problem ends with 1, a warning with 0, and a server’s words cannot draw on the screen',
  async (t) => {
    const warned = await doctor([], { mail: [{ level: 'warning', text: 'slow \u001b[31m' }] })
    t.equal(warned.exitCode, 0)
    t.match(warned.out, /warning {2}slow \\u\{1b\}\[31m/)
    const ill = await doctor(['--write'], { mail: [{ level: 'problem', text: 'gone' }] })
    t.equal(ill.exitCode, 1)
    t.ok(ill.asked.every(({ write }) => write))
  },
)

t.test('one connection can be named, one that is not there is told with what is', async (t) => {
  const { asked, out } = await doctor(['--connection', 'mail', '--json'])
  t.same(
    asked.map(({ connection }) => connection.name),
    ['mail'],
  )
  t.same(JSON.parse(out), {
    connections: [{ name: 'mail', type: 'smtp', findings: [{ level: 'ok', text: 'fine' }] }],
  })
  const wrong = await doctor(['--connection', 'mial'])
  t.equal(wrong.exitCode, 2)
  t.match(wrong.err, /there is no connection mial.*mail/)
  t.same(wrong.asked, [])
})
