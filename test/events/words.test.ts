/** Parameters as people read them: in a plan, and in the customers' catalog. */
import t from 'tap'
import { describeTest } from '../../engine/catalog/condition-words.ts'
import { viewTrigger } from '../../engine/catalog/trigger-view.ts'
import { toPlannedSide } from '../../engine/cli/planned-side.ts'
import { spellPhrase } from '../../engine/core/changes/phrase.ts'
import { planChanges } from '../../engine/core/changes.ts'
import { editSmall, load } from '../engine/config/golden.ts'
import { createSnapshot } from '../fakes/snapshot.ts'

const job = (parameters: string) => `apiVersion: jobsd/v1
kind: Job
name: ended
title: Campaign ended
client: acme
scope: client
trigger:
  type: campaign
${parameters}steps:
  - { name: mail, type: email, connection: mail, to: [ops@acme.example], template: note }
`

t.test('a plan tells which parameters come, go and change', async (t) => {
  const sideOf = (...parameters: string[]) => {
    const lines = parameters.map((text) => `    - { ${text} }\n`).join('')
    const config = load(editSmall({ 'jobs.d/acme/ended.yaml': job(`  parameters:\n${lines}`) }))
    t.same(config.problems, [])
    return toPlannedSide(config)
  }
  const base = sideOf('name: region, type: text', 'name: day, type: date')
  const head = sideOf('name: region, type: text, required: true', 'name: leads, type: integer')
  const { changes } = planChanges(base, head, Date.parse('2026-12-21T12:00:00Z'))
  t.same(
    changes.flatMap(({ effects }) => effects.map(({ phrase }) => spellPhrase(phrase))),
    [
      'the trigger: parameters[region].required: true is new',
      'the trigger: parameters[day]: {"name":"day","type":"date"} is gone',
      'the trigger: parameters[leads]: {"name":"leads","type":"integer"} is new',
    ],
  )
})

t.test('the catalog says what a job is given, and what a condition asks of it', async (t) => {
  const parameters = [
    { name: 'region', type: 'text' as const, title: 'Region' },
    { name: 'leads', type: 'integer' as const },
  ]
  const words = (trigger: Parameters<typeof viewTrigger>[0]['manifest']['trigger']) => {
    const snapshot = createSnapshot()
    return viewTrigger({ ...snapshot, manifest: { ...snapshot.manifest, trigger } }).words
  }
  t.same(words({ type: 'campaign', parameters }), ['When a campaign ends, with Region and leads'])
  t.same(words({ type: 'manual', parameters }), ['On request, with Region and leads'])
  t.same(words({ type: 'manual' }), ['On request'])
  t.equal(
    describeTest({ value: 'run.parameters.leads', greaterThan: 5 }, []),
    'Parameter leads is more than 5',
  )
})
