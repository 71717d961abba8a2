import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import { connectControl } from '../../../engine/cli/control-client.ts'
import { connectEngine, connectLedger } from '../../../engine/cli/local-client.ts'
import type { CliParts, EngineClient } from '../../../engine/cli/parts.ts'
import { runCommandLine } from '../../../engine/cli/program.ts'
import type { StepContext, StepResult } from '../../../engine/core/contracts/step.ts'
import { whyUnwanted } from '../../../engine/core/drop-names.ts'
import { listenForControl } from '../../../engine/server/control.ts'
import { createStage, until } from '../../fakes/engine-stage.ts'
import { makeShortFolder } from '../../fakes/signed-repository.ts'

/** Every step delivers to a target of its own. */
async function deliver({ deliver, history }: StepContext): Promise<StepResult> {
  const target = `folder:share:/${['first', 'second', 'third'][history.length]}`
  await deliver({ target, file: null, look: async () => false, send: async () => 'put' })
  return { ok: true, note: 'done' }
}

/** A running engine, and commands that reach it through its socket or directly. */
async function createCommands(t: Test, play: (context: StepContext) => Promise<StepResult> = deliver) {
  const stage = createStage(t, play)
  const { engine, ledger, clock, path } = stage
  await engine.start({ triggers: true })
  t.teardown(() => engine.stop())
  const socket = join(makeShortFolder(t), 's')
  const control = await listenForControl(socket, engine, () => Promise.reject(new Error('no events here')))
  t.teardown(() => control.close())
  const clients: Record<'socket' | 'direct' | 'reader', () => Promise<EngineClient>> = {
    socket: async () => (await connectControl(socket))!,
    direct: async () => connectEngine(engine, async () => undefined),
    reader: async () => ({ ...connectLedger(ledger, clock, 'x'), close: async () => undefined }),
  }

  async function jobsd(args: string[], by: keyof typeof clients = 'socket') {
    const [out, err]: [string[], string[]] = [[], []]
    const parts: Partial<CliParts> = {
      print: (text) => void out.push(text),
      warn: (text) => void err.push(text),
      env: { SUDO_USER: 'ana' },
      user: () => 'root',
      now: () => clock.now(),
      sleep: () => new Promise((resolve) => setImmediate(resolve)),
      connect: clients[by],
      openLedger: async (data) => (data === 'none' ? undefined : openSqliteLedger(path, { readOnly: true })),
      whyUnwanted,
    }
    const code = await runCommandLine(args, '0.0.0', parts as CliParts)
    return { code, out: out.join('\n'), err: err.join('\n') }
  }

  async function runOnce(): Promise<string> {
    const [id = ''] = await engine.run({ job: 'acme/eod', callCenter: 'dallas' })
    await until(async () => (await ledger.run(id))?.state !== 'queued')
    return id
  }
  return { ...stage, jobsd, runOnce }
}

const ended = async ({ ledger }: { ledger: { unfinishedRuns(): Promise<unknown[]> } }) =>
  (await ledger.unfinishedRuns()).length === 0

for (const by of ['socket', 'direct'] as const) {
  t.test(`resend and rerun show their progress and are told by both runs, ${by}`, async (t) => {
    const commands = await createCommands(t)
    const { jobsd, runOnce, ledger } = commands
    const id = await runOnce()
    await until(() => ended(commands))
    const resent = await jobsd(['resend', id, '--why', 'they lost it', '--target', '/second', '--json'], by)
    t.equal(resent.code, 0)
    const [run] = JSON.parse(resent.out).runs
    t.match(run, { state: 'succeeded', repeats: { kind: 'resend', run: id } })
    t.same(
      run.steps.flatMap((step: { deliveries: { target: string }[] }) =>
        step.deliveries.map(({ target }) => target),
      ),
      ['folder:share:/second'],
    )
    t.match(
      resent.err,
      /acme\/eod dallas {2}1 {2}\w+ \(.*\) succeeded: done\n.*\nacme\/eod dallas {2}succeeded {2}run /,
    )
    const rerun = await jobsd(['rerun', id, '--why', 'new data', '--as', 'bo'], by)
    t.equal(rerun.code, 0)
    t.equal(rerun.out, '')
    const { by: repeats } = await ledger.repeats(id)
    const again = repeats.find(({ kind }) => kind === 'rerun')!.runId
    const shown = await jobsd(['runs', id], by)
    t.match(shown.out, `repeated by  run ${run.id} (resend, by ana: they lost it)`)
    t.match(shown.out, `repeated by  run ${again} (rerun, by bo: new data)`)
    t.match((await jobsd(['runs', again], 'reader')).out, `repeats      run ${id} (rerun, by bo: new data)`)
  })
}

t.test('a repeat that fails exits 1, one that cannot be exits 2 with the reason', async (t) => {
  let fails = false
  const commands = await createCommands(t, async (context) => {
    await deliver(context)
    return { ok: !fails, note: '' }
  })
  const { jobsd, runOnce } = commands
  const id = await runOnce()
  await until(() => ended(commands))
  fails = true
  t.match(await jobsd(['resend', id, '--why', 'x']), { code: 1, err: /failed {2}run/ })
  t.match(await jobsd(['rerun', id, '--why', 'x', '--json']), { code: 1, out: /"state": "failed"/ })
  t.match(await jobsd(['resend', id, '--why', 'x', '--target', 'share']), {
    code: 2,
    err: /"share" is not one target alone; it has folder:share:\/first and folder:share:\/second and folder:share:\/third/,
  })
  t.match(await jobsd(['rerun', id, '--why', 'x', '--from', 'nosuch']), {
    code: 2,
    err: /has no step nosuch: it has /,
  })
  t.match(await jobsd(['resend', 'nothing', '--why', 'x']), { code: 2, err: /\[RUN_UNKNOWN\]/ })
  t.match(await jobsd(['resend', id]), { code: 2, err: /--why/ })
  for (const command of ['resend', 'rerun', 'cancel'])
    t.match(await jobsd([command, id, '--why', 'x'], 'reader'), { code: 2, err: /by a reader/ })
})

t.test('cancel ends a run and says what it left', async (t) => {
  const commands = await createCommands(
    t,
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  )
  const { jobsd, runOnce, ledger } = commands
  const id = await runOnce()
  const { code, out } = await jobsd(['cancel', id, '--why', 'wrong month'])
  t.equal(code, 0)
  t.match(out, new RegExp(`^run ${id} of acme/eod is cancelled\n`))
  t.match(out, /ana.*wrong month/)
  t.match(await ledger.actions({ limit: 5 }), [
    { name: 'cancel', subject: id, who: 'ana', why: 'wrong month' },
  ])
  t.match(await jobsd(['cancel', id, '--why', 'x']), { code: 2, err: /jobsd: / })
  t.match(await jobsd(['cancel', 'nothing', '--why', 'x']), { code: 2, err: /\[RUN_UNKNOWN\]/ })
})

t.test('explain answers out of the ledger, for people and for programs', async (t) => {
  const commands = await createCommands(t)
  const { jobsd, runOnce, ledger } = commands
  const id = await runOnce()
  await until(() => ended(commands))
  const { slot = '' } = (await ledger.run(id)) ?? {}
  const told = await jobsd(['explain', 'acme/eod', '--slot', slot])
  t.equal(told.code, 0)
  t.match(told.out, new RegExp(`^acme/eod was not due at .*; by hand: run ${id} for dallas succeeded`))
  t.ok(told.out.split('\n').length > 3, 'with the evidence')
  const found = JSON.parse((await jobsd(['explain', 'acme/eod', '--slot', slot, '--json'])).out)
  t.same(Object.keys(found), ['job', 'answer', 'sentence', 'evidence'])
  t.equal(found.sentence, told.out.split('\n')[0])
  t.match(await jobsd(['explain', 'acme/eod', '--file', '/in/a.csv']), {
    code: 0,
    out: /it watches no folder/,
  })
  t.match(await jobsd(['explain', 'acme/eood', '--slot', slot]), {
    code: 2,
    err: /acme\/eod.*\[JOB_UNKNOWN\]/,
  })
  t.match(await jobsd(['explain', 'acme/eod']), { code: 2, err: /one of --slot, --file and --event/ })
  t.match(await jobsd(['explain', 'acme/eod', '--slot', slot, '--file', 'x']), { code: 2 })
  t.match(await jobsd(['explain', 'acme/eod', '--slot', slot, '--data', 'none']), {
    code: 2,
    err: /ENGINE_NOT_RUNNING/,
  })
})

t.test('the socket refuses what is not of its shape', async (t) => {
  const { readRepeat, readRerun, readResend } = await import('../../../engine/server/repeat-body.ts')
  const fine = { run: 'a', who: 'b', why: 'c' }
  t.same(readResend({ ...fine, targets: ['x'], more: 1 }), { ...fine, targets: ['x'] })
  t.same(readRerun({ ...fine, from: 'x' }), { ...fine, from: 'x' })
  for (const wrong of [null, 'x', { ...fine, why: 1 }])
    t.throws(() => readRepeat(wrong), { code: 'BAD_REQUEST' })
  t.throws(() => readResend({ ...fine, targets: 'x' }), { code: 'BAD_REQUEST' })
  t.throws(() => readRerun({ ...fine, from: 1 }), { code: 'BAD_REQUEST' })
})
