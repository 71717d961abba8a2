import t from 'tap'
import {
  checkTokens,
  expandChoice,
  expandPath,
  expandTokens,
  type TokenValues,
} from '../../../engine/core/tokens.ts'

const values: TokenValues = {
  client: 'acme',
  callCenter: 'dallas',
  job: 'eod-call-detail',
  report: 'call-detail',
  campaign: { id: 'c-17', name: 'Winter 2026' },
  period: {
    start: '2026-11-22T06:00:00.000Z',
    end: '2026-11-23T06:00:00.000Z',
    timezone: 'America/Chicago',
  },
  slotMs: Date.parse('2026-11-23T00:30:05Z'),
  timezone: 'America/Chicago',
  seq: 7,
  runId: '0123456789abcdef',
  name: 'dropped',
  ext: 'csv',
}
const nothing: TokenValues = {
  ...values,
  callCenter: null,
  report: null,
  campaign: null,
  period: null,
  seq: null,
}

t.test('every token has its value', async (t) => {
  const expand = (template: string) => expandTokens(template, values)
  t.equal(expand('{client}_{callCenter}_{job}_{report}.{ext}'), 'acme_dallas_eod-call-detail_call-detail.csv')
  t.equal(
    expand('{campaign.id} {campaign.name} {seq} {runId} {name}'),
    'c-17 Winter 2026 7 0123456789abcdef dropped',
  )
  t.equal(expand('{slot:yyyy-MM-dd_HHmmss} {slot}'), '2026-11-22_183005 202611221830')
})

t.test('the end of a period is its last local day, inclusive', async (t) => {
  t.equal(expandTokens('{period.start}-{period.end:yyyyMMdd}', values), '20261122-20261122')
  t.equal(expandTokens('{period.end:dd.MM.yyyy HHmm}', values), '22.11.2026 2359')
  const period = { ...values.period!, start: '2026-11-22T09:00:00.000Z', end: '2026-11-23T09:00:00.000Z' }
  t.equal(expandTokens('{period.end:yyyyMMdd}', { ...values, period }), '20261122', 'with a cut-off at 03:00')
})

t.test('a missing value leaves nothing, nor its separator', async (t) => {
  const expand = (template: string) => expandTokens(template, nothing)
  t.equal(expand('{client}_{callCenter}_{job}.csv'), 'acme_eod-call-detail.csv')
  t.equal(expand('{client}--{job}'), 'acme--eod-call-detail', 'separators of the template stay')
  t.equal(expand('{callCenter}_{campaign.id}_{client}.csv'), 'acme.csv')
  t.equal(expand('{client}_{callCenter}_{report}_x.csv'), 'acme_x.csv')
  t.equal(expand('{client}-{period.end:yyyyMMdd}.csv'), 'acme.csv')
  t.equal(expand('{client}.{campaign.id}'), 'acme')
  t.throws(() => expand('{callCenter}.csv'), { code: 'FILE_NAME_EMPTY' })
  t.throws(() => expand('{callCenter}'), { code: 'FILE_NAME_EMPTY' })
})

t.test('a value cannot leave its folder, hide its file or disguise it', async (t) => {
  const expand = (name: string) =>
    expandTokens('{campaign.name}.csv', { ...values, campaign: { id: '1', name } })
  t.equal(expand('../../etc/passwd'), '-.-etc-passwd.csv')
  t.equal(expand('a/b\\c:d*e?f"g<h>i|j'), 'a-b-c-d-e-f-g-h-i-j.csv')
  t.equal(expand('.hidden'), 'hidden.csv')
  t.equal(expand('x\r\ny\u0000\u202egpj'), 'xygpj.csv')
  t.equal(expand('Mu\u0308ller'), 'M\u00fcller.csv')
})

t.test('a file name has at most 200 bytes and keeps its extension', async (t) => {
  const name = expandTokens('{campaign.name}.csv.gz', {
    ...values,
    campaign: { id: '1', name: 'ü'.repeat(300) },
  })
  t.match(name, /^ü{92}-[0-9a-f]{8}\.csv\.gz$/)
  t.equal(Buffer.byteLength(name), 200)
  const of = (site: string) =>
    expandTokens('{campaign.name}_{campaign.id}.csv', {
      ...values,
      campaign: { id: site, name: 'x'.repeat(300) },
    })
  t.not(of('s1'), of('s2'), 'what is cut off still tells two files apart')
})

t.test('what chooses files has every value, or none is chosen', async (t) => {
  t.equal(expandChoice('/out/{callCenter}/{slot:yyyy}', values), '/out/dallas/2026')
  for (const template of ['{callCenter}_*.csv', '/out/{callCenter}', 'a/{param.site}/*']) {
    t.throws(() => expandChoice(template, nothing), {
      code: 'TEMPLATE_FAILED',
      message: /without it other files would be chosen/,
    })
  }
})

t.test('the slashes of a path are its own', async (t) => {
  const campaign = { id: 'a/../b', name: '..' }
  t.equal(expandPath('/out/{callCenter}/{slot:yyyy}/', values), '/out/dallas/2026/')
  t.equal(expandPath('/out/{campaign.id}', { ...values, campaign }), '/out/a-.-b')
  t.equal(expandPath('/out/{campaign.name}/x', { ...values, campaign }), '/out/x')
  t.equal(expandPath('/out/.{campaign.id}./x', nothing), '/out/x', 'dots around nothing are no way up')
  t.equal(expandPath('/{callCenter}', nothing), '/')
  t.equal(expandPath('reports/{callCenter}/', nothing), 'reports/')
  t.equal(expandPath('', values), '')
})

t.test('a faulty template is not expanded', async (t) => {
  t.throws(() => expandTokens('{clinet}.csv', values), { code: 'TEMPLATE_FAILED', message: /\{clinet\}/ })
  t.throws(() => expandTokens('{constructor}', values), { code: 'TEMPLATE_FAILED' })
  t.throws(() => expandPath('/out/{slot:yyyy/MM}', values), { code: 'TEMPLATE_FAILED' })
  t.throws(() => expandPath('/out/{client', values), { code: 'TEMPLATE_FAILED' })
})

t.test('faults are found at their place, with what is allowed', async (t) => {
  t.same(checkTokens('{client}_{period.end:yyyyMMdd}_{slot:HH.mm}.{ext}'), [])
  const [unknown, ...none] = checkTokens('x_{clinet}.csv')
  t.match(unknown, { offset: 2, length: 8, message: /unknown token \{clinet\}; allowed are .*\{client\}/ })
  t.match(unknown?.message, 'did you mean "client"?')
  t.same(none, [])
  t.match(checkTokens('{report}', ['client', 'slot']), [
    { message: 'unknown token {report}; allowed are {client} {slot}' },
  ])
  t.match(checkTokens('{slot:YYYYMMdd}'), [
    { offset: 0, length: 15, message: /has "YYYY".*yyyy MM dd HH mm ss/ },
  ])
  t.match(checkTokens('{slot:}'), [{ message: /is empty/ }])
  t.match(checkTokens('{client:yyyy}'), [{ message: /takes no format/ }])
  t.match(checkTokens('a{client'), [{ offset: 1, length: 1, message: /never closed/ }])
  t.match(checkTokens('a}b{}'), [
    { offset: 1, length: 1, message: /closes nothing/ },
    { offset: 3, length: 2, message: /unknown token/ },
  ])
})
