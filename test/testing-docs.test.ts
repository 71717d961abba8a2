import './fakes/clean-children.ts'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { rehearsal } from '../engine/app.ts'
import { testJob } from '../engine/runtime/job-tests.ts'
import { editSmall, load } from './engine/config/golden.ts'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const page = read('docs/testing-jobs.md')
const { $defs } = JSON.parse(read('schemas/job-test.json'))

t.test('the page on tests names each key that a test may have', async (t) => {
  const [given = '', expected = ''] = [
    /### Given([\s\S]*?)### Expect/,
    /### Expect([\s\S]*?)### Running/,
  ].map((part) => part.exec(page)?.[1])
  const outcomes = $defs.givenStep.oneOf.flatMap((one: { properties: object }) => Object.keys(one.properties))
  for (const key of [...Object.keys($defs.given.properties), ...outcomes])
    t.match(given, `\`${key}\``, `given ${key}`)
  const kinds = [$defs.expect, $defs.expectedDelivery, $defs.expectedNotice]
  for (const key of kinds.flatMap(({ properties }) => Object.keys(properties)))
    t.match(expected, `\`${key}\``, `expect ${key}`)
})

const job = `apiVersion: jobsd/v1
kind: Job
name: agents
title: Agents
client: acme
scope: client
trigger: { type: manual }
steps:
  - { name: await, type: wait-for-file, connection: sftp, path: /acme/agents, match: "agents_*.csv", timeout: 4h, onMissing: skip }
  - { name: load, type: http-request, connection: api, method: POST, path: /agents, from: await }
  - { name: tell, type: notify, to: operators, message: "The agents are loaded." }
  - { name: tidy, type: delete-file, from: await }
`
const connection = `apiVersion: jobsd/v1
kind: Connection
name: api
type: http
baseUrl: https://api.example
`

t.test('its second sample runs as it says', async (t) => {
  const samples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text)
  const config = load(
    editSmall({
      'jobs.d/acme/agents.yaml': job,
      'jobs.d/acme/agents.test.yaml': samples[1]!,
      'jobs.d/platform/connections/api.yaml': connection,
      'jobs.d/platform/clients/acme.yaml': (text) => text.replace('s3]', 's3, api]'),
    }),
  )
  const signal = new AbortController().signal
  const report = await testJob(rehearsal, config, 'acme/agents', 'jobs.d/acme/agents.test.yaml', signal)
  t.equal(report.problem, null)
  t.same(
    report.tests.map(({ differences }) => differences),
    [[], []],
  )
})
