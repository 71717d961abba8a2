import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Answer, runJobsd } from '../../e2e/stage.ts'
import { copySmall, testFile } from '../../fakes/small-repository.ts'

const file = 'jobs.d/acme/eod.test.yaml'
const query = 'templates/reports/call/call-detail/query.sql'
const passing = `  - name: dallas gets its file
    given: { slot: "2026-11-20T18:30", callCenter: dallas }
    expect:
      path: [build, upload, mail]
      deliveries:
        - { step: upload, path: /outbound/acme_dallas_20261120.csv, rows: 1 }
        - { step: mail, to: [ops@acme.example], subject: End of day }
`

/** `jobsd test` on the small repository, its environment nothing but a place for temporary files. */
async function runTests(
  t: Test,
  tests: string,
  args: string[] = [],
  edits: Parameters<typeof copySmall>[1] = {},
): Promise<Answer> {
  const config = copySmall(t, { [file]: testFile(tests), ...edits })
  const temporary = join(config, '..')
  const answer = await runJobsd(['test', config, ...args], { TMPDIR: temporary })
  t.same(readdirSync(temporary), ['config'], 'no temporary file is left')
  return answer
}

t.test('tests that pass are listed with the edges they walk', async (t) => {
  const { code, stdout, stderr } = await runTests(t, passing)
  t.equal(stderr, '')
  t.equal(code, 0)
  t.equal(
    stdout,
    `acme/eod
  ✓ dallas gets its file
  3 of 7 edges walked
    not walked: build onEmpty -> end, build onFailure -> fail, upload onFailure -> fail, mail onFailure -> fail

1 test passed, 0 failed; 3 of 7 edges walked (42 %)
`,
  )
})

t.test('an expectation that fails shows its place, and what was expected and got', async (t) => {
  const failing = passing
    .replace('path: [build, upload, mail]', 'path: [build, upload]')
    .replace('rows: 1', 'rows: 2')
  const { code, stdout } = await runTests(t, failing)
  t.equal(code, 1)
  t.match(
    stdout,
    `  ✗ dallas gets its file
    jobs.d/acme/eod.test.yaml:8:13: path
      expected  build > upload
      got       build > upload > mail
    jobs.d/acme/eod.test.yaml:10:75: upload: rows
      expected  2
      got       1
`,
  )
  t.match(stdout, '\n0 tests passed, 1 failed;')
})

t.test('JSON holds every test with its differences, and the coverage', async (t) => {
  const { code, stdout } = await runTests(t, passing.replace('rows: 1', 'rows: 2'), ['--json'])
  t.equal(code, 1)
  t.same(JSON.parse(stdout), {
    jobs: [
      {
        job: 'acme/eod',
        file,
        problem: null,
        tests: [
          {
            name: 'dallas gets its file',
            line: 5,
            column: 11,
            passed: false,
            outcome: 'succeeded',
            path: ['build', 'upload', 'mail'],
            differences: [{ line: 10, column: 75, what: 'upload: rows', expected: '2', got: '1' }],
          },
        ],
        coverage: {
          walked: ['build onSuccess -> upload', 'upload onSuccess -> mail', 'mail onSuccess -> end'],
          missed: [
            'build onEmpty -> end',
            'build onFailure -> fail',
            'upload onFailure -> fail',
            'mail onFailure -> fail',
          ],
        },
      },
    ],
    untested: [],
    total: { passed: 0, failed: 1, coverage: { walked: 3, edges: 7, percent: 42 } },
  })
})

t.test('too little coverage fails where it is required', async (t) => {
  t.match(await runTests(t, passing, ['--require-coverage', '42']), { code: 0 })
  const { code, stdout } = await runTests(t, passing, ['--require-coverage', '43'])
  t.equal(code, 1)
  t.match(stdout, 'too few edges: 43 % are required\n')
  t.match(await runTests(t, passing, ['--require-coverage', 'all']), { code: 2 })
})

t.test('a test file or job that is not valid is told, and fails', async (t) => {
  const wrongTest = await runTests(t, passing.replace('step: upload', 'step: uplaod'))
  t.equal(wrongTest.code, 1)
  t.match(
    wrongTest.stdout,
    /not run: it is not valid\n {4}jobs.d\/acme\/eod.test.yaml:10:19: .*did you mean "upload"/,
  )
  t.match(wrongTest.stdout, '0 tests passed, 0 failed, 1 job not valid;')
  const wrongJob = await runTests(t, passing, [], {
    'jobs.d/acme/eod.yaml': (text) => text.replace('connection: sftp', 'connection: sfpt'),
  })
  t.equal(wrongJob.code, 1)
  t.match(wrongJob.stdout, /jobs.d\/acme\/eod.yaml:\d+:\d+: there is no connection "sfpt"/)
})

t.test('what a test is called cannot forge a line', async (t) => {
  const odd = passing
    .replace('dallas gets its file', '"gets \\u202e its file"')
    .replace('End of day', '"a\\n::error::b"')
  const { stdout } = await runTests(t, odd)
  t.match(stdout, '✗ gets   its file')
  t.match(stdout, 'expected  a ::error::b\n')
})

t.test('jobs without tests are named', async (t) => {
  const config = copySmall(t)
  const eod = readFileSync(join(config, 'jobs.d/acme/eod.yaml'), 'utf8')
  const text = eod.replace('name: eod', 'name: other').replace('/outbound', '/other')
  const { stdout } = await runTests(t, passing, [], { 'jobs.d/acme/other.yaml': text })
  t.match(stdout, '\n1 job without tests: acme/other\n')
  const only = await runTests(t, passing, ['--job', 'acme/other'], { 'jobs.d/acme/other.yaml': text })
  t.match(only, { code: 2, stderr: /there is no file jobs.d\/acme\/other.test.yaml$/m })
  const unknown = await runTests(t, passing, ['--job', 'acme/eodd'])
  t.match(unknown, { code: 2, stderr: 'there is no job acme/eodd; did you mean "acme/eod"? [JOB_UNKNOWN]' })
})

t.test("a fixture's rows go through the report's real query", async (t) => {
  const fixture = passing.replace('callCenter: dallas }', 'callCenter: dallas, dataset: fixtures }')
  const edits = {
    'jobs.d/acme/fixtures/calls.json': '[{ "call_id": "c1", "call_center": "dallas", "talk_s": 5 }]',
    [query]: 'SELECT call_id, talk_s AS seconds FROM calls WHERE talk_s > 1',
  }
  t.match(await runTests(t, fixture, [], edits), { code: 0 })
  const drifted = { ...edits, [query]: 'SELECT call_id, result AS seconds FROM calls' }
  const { code, stdout } = await runTests(t, fixture, [], drifted)
  t.equal(code, 1)
  t.match(stdout, /expected {2}build > upload > mail\n +got {7}build\n/, 'a column of another type is found')
})

t.test('nothing is connected to, and no secret is needed', async (t) => {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const here = (text: string) => text.replace(/^host: .*$/m, `host: 127.0.0.1\nport: ${port}`)
  const edits = {
    'jobs.d/platform/connections/mail.yaml': here,
    'jobs.d/platform/connections/sftp.yaml': here,
  }
  t.match(await runTests(t, passing, [], edits), { code: 0 })
  t.equal(connections, 0)
})
