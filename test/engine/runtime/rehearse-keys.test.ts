/** Jobs with keys from their YAML: rehearsed without a secret, planned, and shown to customers. */
import '../../fakes/clean-children.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { rehearsal as parts } from '../../../engine/app.ts'
import { viewStep } from '../../../engine/catalog/step-view.ts'
import { compileJob } from '../../../engine/config/compile.ts'
import { deliveryEffects, targetsOf } from '../../../engine/core/changes/delivery-effects.ts'
import { spellPhrase } from '../../../engine/core/changes/phrase.ts'
import type { JobId, Snapshot } from '../../../engine/core/model.ts'
import type { SentFile } from '../../../engine/runtime/rehearsal/recorder.ts'
import { rehearse } from '../../../engine/runtime/rehearsal.ts'
import { load, manifestsFolder, readCase } from '../config/golden.ts'

const config = load(await readCase(join(manifestsFolder, 'ok/keys-in-full')))
const never = new AbortController().signal

function snapshotOf(job: JobId): Snapshot {
  const compiled = compileJob(config, job)
  if ('problem' in compiled) throw new Error(compiled.problem.message)
  return compiled.snapshot
}

t.test('a rehearsal needs no key: what would be encrypted can be read, under its new name', async (t) => {
  const texts: string[] = []
  const [run] = await rehearse(
    parts,
    {
      snapshot: snapshotOf('acme/eod'),
      revision: 'r',
      given: { slot: '2026-11-20T18:30', callCenter: 'dallas' },
      data: { kind: 'made-up', rows: 2 },
      capture: async (each) =>
        void texts.push('localPath' in each ? readFileSync(each.localPath, 'utf8') : ''),
    },
    never,
  )
  t.match(run, { outcome: 'succeeded', path: ['build', 'encrypt', 'sign', 'upload'] })
  t.same(
    (run!.deliveries as SentFile[]).map(({ place, rows }) => [place, rows]),
    [
      ['/outbound/acme_dallas_20261120.asc', 2],
      ['/outbound/acme_dallas_20261120.csv.sig', null],
      ['/outbound/acme_dallas_20261120.asc.sig', null],
    ],
  )
  t.same(
    (run!.deliveries as SentFile[]).map(({ seal }) => seal),
    [
      'sent encrypted for acme-key, platform-key (OpenPGP), signed by platform-key; readable here, and of another size',
      undefined,
      undefined,
    ],
  )
  t.match(texts[0], /^Call ID,Seconds\n/)
  t.equal(texts[1], 'Here stands the signature of acme_dallas_20261120.csv by platform-key.\n')
})

t.test('plan tells the names of what is made and the keys that are gained', async (t) => {
  const names = (job: JobId) => targetsOf(snapshotOf(job)).map(({ step, fileName }) => [step, fileName])
  t.same(names('acme/eod'), [
    ['upload', '{name}.asc'],
    ['upload', '{client}_{callCenter}_{period.end:yyyyMMdd}.csv.sig'],
    ['upload', '{name}.asc.sig'],
  ])
  t.same(names('acme/posted'), [['keep', '{name}.csv']])
  const before = snapshotOf('acme/eod')
  const manifest = structuredClone(before.manifest)
  for (const step of manifest.steps) if (step.type === 'encrypt') step.recipients = ['acme-key']
  const less = { ...before, manifest }
  const said = (effects: ReturnType<typeof deliveryEffects>) =>
    effects.map(({ kind, phrase }) => `${kind}: ${spellPhrase(phrase)}`)
  t.same(said(deliveryEffects(less, before, new Set())), [])
  for (const step of manifest.steps) if (step.type === 'encrypt') delete step.fileName
  t.match(said(deliveryEffects(less, before, new Set())).join('\n'), /csv\.asc is lost: step upload/)
})

t.test('customers read whose key opens what, and no fingerprint', async (t) => {
  const detailsOf = (job: JobId, name: string) => {
    const snapshot = snapshotOf(job)
    const step = snapshot.manifest.steps.find((each) => each.name === name)!
    const view = viewStep(step, snapshot, snapshot.client.callCenters)
    t.notMatch(JSON.stringify(view), /[0-9A-F]{40}|BEGIN PGP|passphrase/i)
    return [view.type, ...view.details.map(({ label, value }) => `${label}: ${value}`)]
  }
  t.same(detailsOf('acme/eod', 'encrypt'), [
    'Encrypt',
    'Files: Files of build',
    "Can be opened with: Acme's file key or platform-key",
    'Signed with: platform-key',
    'Written as: OpenPGP, as text',
    'New name: {name}.asc',
  ])
  t.same(detailsOf('acme/eod', 'sign'), [
    'Sign',
    'Files: Files of build and Files of encrypt',
    'Signed with: platform-key',
    'Written as: OpenPGP',
  ])
  t.same(detailsOf('acme/posted', 'open'), [
    'Decrypt',
    'Files: The posted file',
    'Opened with: platform-key',
    "Must be signed with: Acme's file key",
    'Largest result: 100MiB',
    'New name: {name}.csv',
  ])
})
