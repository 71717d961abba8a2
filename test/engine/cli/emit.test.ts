import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { CliParts, EngineClient } from '../../../engine/cli/parts.ts'
import { runCommandLine } from '../../../engine/cli/program.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { RunDetail } from '../../../engine/core/model.ts'
import type { EmitAnswer, EmitRequest, RunRequest } from '../../../engine/runtime/requests.ts'
import { createRun } from '../../fakes/snapshot.ts'

/** Commands on an engine that takes whatever comes and answers as it is told. */
function createStage(t: Test, answer: Partial<EmitAnswer> = {}) {
  const emitted: EmitRequest[] = []
  const asked: RunRequest[] = []
  const run = {
    ...createRun({ state: 'succeeded', parameters: { leads: 12 } }),
    steps: [],
    files: [],
  } as RunDetail
  const engine = {
    isRunning: true,
    async emit(request: EmitRequest) {
      emitted.push(request)
      return { id: 'e1', known: false, outcome: 'started', note: '', runIds: ['r1', 'r2'], ...answer }
    },
    async run(request: RunRequest) {
      asked.push(request)
      if (request.parameters?.leads === 'x')
        throw new JobsdError('BAD_REQUEST', { reason: 'leads is no number' })
      return [run.id]
    },
    runDetail: async () => run,
    repeats: async () => ({ of: null, by: [] }),
    close: async () => undefined,
  } as unknown as EngineClient
  async function jobsd(...args: string[]) {
    const [out, err]: [string[], string[]] = [[], []]
    const parts = {
      print: (text: string) => void out.push(text),
      warn: (text: string) => void err.push(text),
      env: {},
      isTty: false,
      connect: async () => engine,
    } as unknown as CliParts
    const code = await runCommandLine(args, '0.0.0', parts)
    return { code, out: out.join('\n'), err: err.join('\n') }
  }
  const folder = t.testdir({
    'fields.json': '{"leads": 3, "isTest": true, "campaign": {"id": "C-1", "name": "One"}}',
    'list.json': '[1]',
    'broken.json': '{',
  })
  return { jobsd, emitted, asked, file: (name: string) => join(folder, name) }
}

const emit = ['emit', 'campaign.ended', '--client', 'acme']

t.test(
  'emit posts fields of a file, those of the command line over them, under an id and a source',
  async (t) => {
    const { jobsd, emitted, file } = createStage(t)
    const fields = ['--data', 'leads=12', 'campaign.name=Two', '--data-file', file('fields.json')]
    t.match(await jobsd(...emit, ...fields, '--id', 'n1', '--source', 'nightly'), {
      code: 0,
      out: 'recorded as event e1; runs r1, r2',
    })
    t.same(emitted, [
      {
        type: 'campaign.ended',
        client: 'acme',
        data: { leads: '12', isTest: true, campaign: { id: 'C-1', name: 'Two' } },
        id: 'n1',
        source: 'nightly',
      },
    ])
  },
)

t.test('emit says what came of it: in words, as JSON and as exit code', async (t) => {
  const refused = {
    outcome: 'refused' as const,
    note: 'acme/ended refuses it: no\u001b[2K leads',
    runIds: [],
  }
  const cases: [Partial<EmitAnswer>, number, string][] = [
    [{ known: true }, 0, 'event e1 was recorded before; runs r1, r2'],
    [refused, 1, 'recorded as event e1, but refused: acme/ended refuses it: no [2K leads'],
    [
      { outcome: 'nothing', note: 'acme/ended is suspended by ana', runIds: [] },
      0,
      'recorded as event e1; it starts nothing: acme/ended is suspended by ana',
    ],
  ]
  for (const [answer, code, out] of cases) {
    const { jobsd } = createStage(t, answer)
    t.match(await jobsd(...emit), { code, out }, out)
    const { out: json } = await jobsd(...emit, '--json')
    const { runIds = ['r1', 'r2'], ...rest } = answer
    t.match(JSON.parse(json), { id: 'e1', runs: runIds, ...rest })
  }
})

t.test('fields that are none are a wrong use, and nothing is posted', async (t) => {
  const { jobsd, emitted, file } = createStage(t)
  const wrong: [string[], RegExp][] = [
    [['--data', 'leads'], /It is not name=value/],
    [['--data', 'a b=1'], /It is not name=value/],
    [['--data-file', file('list.json')], /list\.json holds no JSON object/],
    [['--data-file', file('broken.json')], /broken\.json is not JSON/],
    [['--data-file', file('none.json')], /none\.json cannot be read/],
  ]
  for (const [args, err] of wrong) t.match(await jobsd(...emit, ...args), { code: 2, err }, args.join(' '))
  t.same(emitted, [])
})

t.test('run hands parameters over, and runs shows what a run was given', async (t) => {
  const { jobsd, asked } = createStage(t)
  const given = ['--param', 'leads=12', '--param', 'note=a=b']
  const { code, out } = await jobsd('run', 'acme/ended', ...given, '--json')
  t.equal(code, 0)
  t.match(JSON.parse(out), { runs: [{ parameters: { leads: 12 } }] })
  t.same(asked, [{ job: 'acme/ended', parameters: { leads: '12', note: 'a=b' } }])
  t.match(await jobsd('run', 'acme/ended', '--param', 'leads=x'), { code: 2, err: /leads is no number/ })
  t.match(await jobsd('run', 'acme/ended', '--param', 'leads'), { code: 2, err: /not name=value/ })
  t.match(await jobsd('run', 'acme/ended', '--param', 'a=1', '--param', 'a=2'), {
    code: 2,
    err: /a is given twice/,
  })
  t.match(await jobsd('runs', '0123456789abcdef'), { code: 0, out: /parameter +leads = 12/ })
})
