import t, { type Test } from 'tap'
import { connectEngine } from '../../../engine/cli/local-client.ts'
import type { CliParts } from '../../../engine/cli/parts.ts'
import { runCommandLine } from '../../../engine/cli/program.ts'
import { describeProvenance } from '../../../engine/cli/provenance-words.ts'
import type { CommitFacts } from '../../../engine/core/contracts/config-source.ts'
import type { Provenance } from '../../../engine/runtime/provenance.ts'
import { commitOf, startSmallEngine } from '../../fakes/small-engine.ts'

const at = '2026-11-22T12:00:00.000Z'
const digest = 'd'.repeat(64)
const snapshot = 'e'.repeat(64)
const ana: CommitFacts = {
  commit: commitOf('a'),
  author: 'Ana Flores <ana@example.com>',
  authoredAt: '2026-11-22T11:00:00.000Z',
  signature: { state: 'good', signer: 'Ana (laptop)', key: 'SHA256:abc' },
}
const provenance: Provenance = {
  run: 'c859289b5d6bda96',
  job: 'acme/eod',
  deliveries: [
    { target: 'sftp:acme-sftp:/out/eod.csv', fileName: 'eod.csv', sha256: digest, state: 'confirmed', at },
    { target: 'mail:mail:ops@acme.example', fileName: null, sha256: null, state: 'in-doubt', at },
  ],
  snapshot,
  revision: {
    id: commitOf('b'),
    commit: { ...ana, commit: commitOf('b'), signature: { state: 'unchecked' } },
  },
  changedBy: { id: commitOf('a'), at, commit: ana },
}

t.test('provenance leads from the bytes to whoever signed the commit', (t) => {
  t.equal(
    describeProvenance(provenance),
    [
      `confirmed    eod.csv to sftp:acme-sftp:/out/eod.csv at ${at}`,
      `  sha256     ${digest}`,
      `in-doubt     a mail without attachment to mail:mail:ops@acme.example at ${at}`,
      'run          c859289b5d6bda96',
      'job          acme/eod',
      `snapshot     ${snapshot}`,
      `revision     ${commitOf('b')}, in force when the run was recorded`,
      '  author     Ana Flores <ana@example.com> at 2026-11-22T11:00:00.000Z',
      '  signature  not checked: verify is none',
      `version      came with ${commitOf('a')} at ${at}`,
      '  author     Ana Flores <ana@example.com> at 2026-11-22T11:00:00.000Z',
      '  signature  good, by Ana (laptop) with SHA256:abc',
    ].join('\n'),
  )
  t.end()
})

t.test('provenance says where the trail ends', (t) => {
  const folder = describeProvenance({
    ...provenance,
    deliveries: [],
    revision: { id: `sha256:${digest}`, commit: null },
    changedBy: { id: `sha256:${digest}`, at, commit: null },
  })
  t.match(folder, /^delivered {4}nothing$/m)
  t.match(folder, /^revision {5}sha256:d{64}, .*\n {2}author {5}unknown: the source was a plain folder$/m)
  t.match(folder, /^version {6}came with this revision at 2026/m)
  const byHand = describeProvenance({
    ...provenance,
    revision: { id: commitOf('b'), commit: null },
    changedBy: null,
  })
  t.match(byHand, /unknown: no engine applied this commit$/m)
  t.match(byHand, /^version {6}not put in force by an engine: it ran by hand without one$/m)
  t.end()
})

t.test("a file's name cannot pretend to be another line", (t) => {
  const [delivery] = provenance.deliveries
  const text = describeProvenance({
    ...provenance,
    deliveries: [{ ...delivery!, fileName: 'a\n  signature  good\u001b[2J\u202e' }],
  })
  t.equal(text.split('\n').length, 11)
  for (const character of ['\u001b', '\u202e']) t.notOk(text.includes(character))
  t.end()
})

async function createStage(t: Test) {
  const stage = await startSmallEngine(t)
  async function runs(...args: string[]) {
    const [out, err]: [string[], string[]] = [[], []]
    const parts: Partial<CliParts> = {
      print: (text) => void out.push(text),
      warn: (text) => void err.push(text),
      env: {},
      connect: async () => connectEngine(stage.engine, async () => undefined),
    }
    const code = await runCommandLine(['runs', ...args], '0.0.0', parts as CliParts)
    return { code, out: out.join('\n'), err: err.join('\n') }
  }
  return { ...stage, runs }
}

t.test('runs shows the provenance of a real run, for people and for programs', async (t) => {
  const { runs, run, engine, push } = await createStage(t)
  await push('b', { 'jobs.d/README.md': 'nothing of the job' })
  const [id = ''] = await run()
  const { code, out } = await runs(id, '--provenance')
  t.equal(code, 0)
  t.match(out, new RegExp(`^run {10}${id}\njob {10}acme/eod$`, 'm'))
  t.match(out, new RegExp(`^revision {5}${commitOf('b')}, `, 'm'))
  t.match(out, new RegExp(`^version {6}came with ${commitOf('a')} at `, 'm'))
  t.same(JSON.parse((await runs(id, '--provenance', '--json')).out), await engine.provenance(id))
  t.match(JSON.parse((await runs(id, '--json')).out), { runs: [{ id, job: 'acme/eod' }] })
  t.equal(JSON.parse((await runs('--json')).out).runs.length, 2)
})

t.test('provenance is of one run that is there', async (t) => {
  const { runs } = await createStage(t)
  t.match(await runs('--provenance'), { code: 2, err: /--provenance needs the id of a run/ })
  t.match(await runs('0123456789abcdef', '--provenance'), { code: 2, err: /RUN_UNKNOWN/ })
})
