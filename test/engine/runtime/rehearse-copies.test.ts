import '../../fakes/clean-children.ts'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { rehearsal as parts } from '../../../engine/app.ts'
import { compileJob } from '../../../engine/config/compile.ts'
import type { JobId } from '../../../engine/core/model.ts'
import type { SentFile } from '../../../engine/runtime/rehearsal/recorder.ts'
import { rehearse } from '../../../engine/runtime/rehearsal.ts'
import { load, readFolder } from '../config/golden.ts'

const root = new URL('../../..', import.meta.url).pathname
const tree = await readFolder(root)
const example = load(tree, { standard: tree })
const given = { slot: '2026-11-20T18:30', callCenter: 'dallas' }
const place = '/outbound/reports/acme_dallas_20261119.csv'

/** Rehearses the example's upload with other settings; returns what it delivered, and the texts. */
async function rehearseUpload(settings: object, twice = false) {
  const compiled = compileJob(example, 'acme/eod-call-detail' as JobId)
  if ('problem' in compiled) throw new Error(compiled.problem.message)
  const snapshot = structuredClone(compiled.snapshot)
  const { steps } = snapshot.manifest
  const upload = Object.assign(steps.find(({ name }) => name === 'upload')!, settings)
  if (twice) steps.splice(2, 0, { ...upload, name: 'again', onSuccess: upload.onSuccess })
  if (twice) upload.onSuccess = 'again'
  const texts = new Map<string, string>()
  const [run] = await rehearse(
    parts,
    {
      snapshot,
      revision: 'r',
      given,
      data: { kind: 'made-up', rows: 2 },
      async capture(each) {
        if ('localPath' in each) texts.set(each.sent.place, readFileSync(each.localPath, 'utf8'))
      },
    },
    new AbortController().signal,
  )
  const files = run!.deliveries.filter((each): each is SentFile => each.type !== 'smtp')
  return { run: run!, places: files.map((file) => file.place), texts }
}

t.test('companions are delivered after their file, with what they say of it', async (t) => {
  const { run, places, texts } = await rehearseUpload({ companion: { kind: 'manifest' } })
  t.equal(run.outcome, 'succeeded')
  t.same(places, [place, `${place}.manifest`])
  t.match(JSON.parse(texts.get(`${place}.manifest`)!), { fileName: 'acme_dallas_20261119.csv', rows: 2 })
})

t.test('a second file of one name takes the next free one', async (t) => {
  const { run, places } = await rehearseUpload({ overwrite: 'rename' }, true)
  t.equal(run.outcome, 'succeeded')
  t.same(places, [place, place.replace('.csv', '-2.csv')])
})
