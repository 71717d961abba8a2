import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createLive, type Live } from '../../engine/live.ts'
import { noteChanges } from '../../engine/runtime/note-changes.ts'
import { createStage, settingsFile, until } from '../fakes/engine-stage.ts'

t.test('a running engine keeps the published pages up to date, and shows them live', async (t) => {
  const site = t.testdir({})
  let live: Live | undefined
  const stage = createStage(t, async () => ({ ok: true, note: '' }), {
    ledger: (ledger) => noteChanges(ledger, (changed) => live?.note(changed)),
  })
  const { engine, ledger, clock, log, path } = stage
  const publish = `catalog: { publish: { folder: ${site} } }\n`
  stage.state.tree = (await import('./config/golden.ts')).editSmall({
    [settingsFile]: (text) => `${text.trimEnd()}\n${publish}`,
  })
  const folder = { root: join(path, '..'), ledger: path } as Parameters<typeof createLive>[0]
  live = await createLive(folder, engine, clock, log)
  await engine.start({ triggers: true })
  const ended = new AbortController()
  const following = live.follow(ended.signal)
  t.teardown(async () => {
    ended.abort()
    await following
    await engine.stop()
    await live?.close()
  })
  const page = join(site, 'acme/jobs/eod.html')
  const publishedOnce = async () => {
    await clock.advance(1000)
    return existsSync(join(site, 'acme/index.html'))
  }
  await until(publishedOnce)
  t.match(readFileSync(page, 'utf8'), 'This job has not run yet.')
  t.match((await live.pages.page('acme', 'jobs/eod.html'))?.body.toString(), 'This job has not run yet.')

  await engine.run({ job: 'acme/eod' })
  await until(async () => (await ledger.unfinishedRuns()).length === 0)
  await until(async () => {
    await clock.advance(1000)
    return readFileSync(page, 'utf8').includes('Show the steps of the execution')
  })
  t.match(
    (await live.pages.page('acme', 'jobs/eod.html'))?.body.toString(),
    'Show the steps of the execution',
  )
  const key = join(folder.root, 'session.key')
  t.equal(statSync(key).mode & 0o777, 0o600)
  const again = await createLive(folder, engine, clock, log)
  t.equal(again.sessionKey.reveal(), live.sessionKey.reveal(), 'a restart signs nobody out')
  await again.close()
})
