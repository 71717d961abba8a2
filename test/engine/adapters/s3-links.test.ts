import t from 'tap'
import { accessKeys, failureOf, fileOf, never, secretValues, serveS3, storeAt } from '../../fakes/s3-stage.ts'

const week = 7 * 86_400

t.test('a link ends when it says, and no sooner', async (t) => {
  let aheadSeconds = 0
  const server = await serveS3(t, { now: () => new Date(Date.now() + aheadSeconds * 1000) })
  const store = storeAt(t, server)
  await store.put(fileOf('of acme', { key: 'calls.csv' }), never)
  const link = await store.link('calls.csv', week, never)
  const url = new URL(link)
  t.equal(url.pathname, '/acme-reports/inbox/calls.csv', "the connection's prefix is before the key")
  t.equal(url.searchParams.get('X-Amz-Expires'), String(week))
  for (const [seconds, status] of [
    [0, 200],
    [week - 60, 200],
    [week + 60, 403],
  ] as const) {
    aheadSeconds = seconds
    const answer = await fetch(link)
    t.equal(answer.status, status, `after ${seconds} s`)
    t.equal((await answer.text()) === 'of acme', status === 200)
  }
})

t.test('a link has no secret but the signature, and asks the store nothing', async (t) => {
  const asked: string[] = []
  const server = await serveS3(t, {
    intercept: ({ method, key }) => {
      asked.push(`${method} ${key}`)
      return undefined
    },
  })
  const link = decodeURIComponent(await storeAt(t, server).link('a b/calls.csv', 60, never))
  t.notMatch(link, secretValues['acme-key']!)
  t.match(link, `X-Amz-Credential=${accessKeys[0]!.id}/`, 'whose key it is can be read in it')
  t.match(link, 'response-content-disposition=attachment; filename="calls.csv"')
  t.same(asked, [])
})

t.test('no link is made for a key that another one could be read as, nor after an abort', async (t) => {
  const store = storeAt(t, await serveS3(t))
  for (const key of ['', '../calls.csv', 'a/./b', 'a\nb'])
    t.equal((await failureOf(store.link(key, 60, never))).code, 'TARGET_REFUSED', JSON.stringify(key))
  await t.rejects(store.link('a', 60, AbortSignal.abort(new Error('ended'))), { message: 'ended' })
})
