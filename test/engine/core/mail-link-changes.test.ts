import t from 'tap'
import { toPlannedSide } from '../../../engine/cli/planned-side.ts'
import { spellPhrase } from '../../../engine/core/changes/phrase.ts'
import { planChanges } from '../../../engine/core/changes.ts'
import { editSmall, load } from '../config/golden.ts'

const nowMs = Date.parse('2026-12-21T12:00:00Z')

function sideWith(settings: string) {
  return toPlannedSide(
    load(editSmall({ 'jobs.d/acme/eod.yaml': (text) => `${text.trimEnd()}\n${settings}` })),
  )
}

t.test('a plan tells that a mail begins to put files into a bucket, where, and for how long', async (t) => {
  const tell = (before: string, after: string) =>
    planChanges(sideWith(before), sideWith(after), nowMs).changes.flatMap(({ effects }) =>
      effects.map(({ phrase }) => spellPhrase(phrase)),
    )
  const linking = '    onTooLarge: link\n    linkConnection: s3\n'
  t.same(tell('', linking), [
    'step mail: onTooLarge: link is new',
    'step mail: linkConnection: s3 is new',
    'target s3:mail/eod/{runId}/mail/{client}_{callCenter}_{period.end:yyyyMMdd}.csv is gained: step mail',
    'connection s3 is used from now on',
  ])
  t.match(tell(linking, `${linking}    linkFor: 3d\n`), [/linkFor: 3d is new/])
  t.match(tell(linking, '    onTooLarge: zip\n'), [
    /onTooLarge: link is now zip/,
    /linkConnection: s3 is gone/,
    /is lost: step mail/,
    /connection s3 is no longer used/,
  ])
})
