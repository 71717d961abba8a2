/** Who has to have signed what, over restarts, outages and changes of the sources. */
import t from 'tap'
import { createVouch } from '../../../engine/adapters/git-vouch.ts'
import type { ConfigSource, TrustRules } from '../../../engine/core/contracts/config-source.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import {
  commitOf,
  createGitStage,
  type Edits,
  eodFile,
  settingsFile,
  sourceAway,
  until,
  vouchForAllBut,
} from '../../fakes/engine-stage.ts'
import { createRepository, createSshKey, hasSshKeygen } from '../../fakes/signed-repository.ts'
import { editSmall } from '../config/golden.ts'

type Vouch = NonNullable<ConfigSource['vouch']>
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEf9JnrWWF3XiV6uoG2/w9eEz+6CFsyhh3AtM+0tVCBW'
const vouchForAll = vouchForAllBut()

/** Settings that ask for signatures; `operator` is the one who may sign the operators' documents. */
function askForSignatures(operator?: string): Edits {
  const platformSigners = operator ? `, platformSigners: [{ name: ${operator}, key: ${key} }]` : ''
  const signers = `signers: [{ name: Ana, key: ${key} }]`
  return { [settingsFile]: (text) => `${text}git: { verify: ssh, ${signers}${platformSigners} }\n` }
}

/** The operators' documents of a source of their own. */
function createPlatform(revision: string, edits: Edits, vouch?: Vouch) {
  const tree = { revision: '', files: new Map() as ReturnType<typeof editSmall>['files'] }
  function put(next: string, changes: Edits): void {
    tree.revision = next
    tree.files = new Map(
      [...editSmall(changes).files].filter(([path]) => path.startsWith('jobs.d/platform/')),
    )
  }
  put(revision, edits)
  const source: ConfigSource = {
    description: 'the platform',
    rescanMs: 30_000,
    settleMs: 0,
    read: async () => ({ ...tree }),
    watch: async () => async () => undefined,
    ...(vouch && { vouch }),
  }
  return { source, put }
}

t.test('what was accepted is known after a restart, however many syncs failed since', async (t) => {
  const asked: (string | null)[] = []
  const vouch: Vouch = (commit, accepted, ...more) => {
    asked.push(accepted)
    return vouchForAll(commit, accepted, ...more)
  }
  const { engine, ledger, state, restart } = createGitStage(t, { source: { vouch } })
  await engine.start({ triggers: true })
  for (let read = 1; read <= 101; read++) {
    const reason = `read ${read}`
    // Of another kind than the one before, so that each is a sync of its own.
    state.unreadable = read % 2 === 0 ? new Error(reason) : sourceAway(reason)
    engine.reload()
    await until(() => engine.sync().last?.message.includes(reason) ?? false)
  }
  t.equal((await ledger.syncs(1_000)).length, 102)
  await engine.stop()
  asked.length = 0
  state.unreadable = undefined
  state.tree = { ...editSmall({}), revision: commitOf('b') }
  const second = await restart()
  t.same(asked, [commitOf('a')])
  await second.engine.stop()
})

t.test(
  'a commit that was taken unchecked, for the settings were broken, is checked once they ask for it',
  async (t) => {
    const asked: TrustRules['verify'][] = []
    const vouch: Vouch = (commit, accepted, rules, signal) => {
      asked.push(rules.verify)
      return vouchForAllBut(rules.verify === 'none' ? undefined : commit)(commit, accepted, rules, signal)
    }
    const broken: Edits = { [settingsFile]: (text) => `${text}typo: [\n` }
    const platform = createPlatform('sha256:first', broken)
    const { engine, watched } = createGitStage(t, { source: { vouch }, platform: platform.source })
    await engine.start({ triggers: true })
    t.same(watched, [], 'settings that are broken let nothing run')
    platform.put('sha256:second', askForSignatures())
    engine.reload()
    await until(() => engine.sync().last?.revision?.endsWith('sha256:second') ?? false)
    t.match(engine.sync().last, { outcome: 'refused', reason: 'CommitUntrusted' })
    t.same(asked, ['none', 'ssh'])
    t.same(watched, [], 'nothing of an unsigned commit runs')
    await engine.stop()
  },
)

t.test('operators documents that count only now are asked about, in a commit that ran before', async (t) => {
  const asked: (string | null)[][] = []
  const vouch: Vouch = (commit, accepted, ...more) => {
    asked.push([commit, accepted])
    return vouchForAll(commit, accepted, ...more)
  }
  const platform = createPlatform('sha256:platform', {})
  const { engine, state, restart } = createGitStage(t, { source: { vouch }, platform: platform.source })
  await engine.start({ triggers: true })
  t.same(asked, [[commitOf('a'), null]])
  await engine.stop()
  state.platform = undefined
  const second = await restart()
  t.same(asked.slice(1), [[commitOf('a'), null]], 'as if nothing had been accepted')
  t.equal(second.engine.sync().last?.revision, commitOf('a'))
  await second.engine.stop()
})

t.test('operators who change their own keys are not locked out by the commit that does', async (t) => {
  const signer = 'Olga'
  const vouch: Vouch = (commit, accepted, rules, signal) => {
    const isKnown = rules.platformSigners.some(({ name }) => name === signer)
    if (rules.verify !== 'none' && !isKnown)
      throw new JobsdError('PLATFORM_UNTRUSTED', {
        commit,
        reason: `${signer} is not one of the platformSigners`,
      })
    return vouchForAll(commit, accepted, rules, signal)
  }
  const platform = createPlatform(commitOf('1'), askForSignatures('Olga'), vouch)
  const stage = createGitStage(t, { source: { vouch: vouchForAll }, platform: platform.source })
  const { engine, push, job } = stage
  await engine.start({ triggers: true })
  t.equal(engine.sync().last?.outcome, 'applied')
  platform.put(commitOf('2'), askForSignatures('Oscar'))
  engine.reload()
  await until(() => engine.sync().last?.revision?.endsWith(commitOf('2')) ?? false)
  t.equal(engine.sync().last?.outcome, 'applied', 'Olga signed that Oscar signs from now on')
  await push(commitOf('b'), { [eodFile]: (text) => text.replace('/outbound', '/elsewhere') })
  t.match(await job('acme/eod'), { sync: 'Synced', lastAppliedRevision: `${commitOf('b')}+${commitOf('2')}` })
  platform.put(commitOf('3'), askForSignatures('Olga'))
  engine.reload()
  await until(() => engine.sync().last?.revision?.endsWith(commitOf('3')) ?? false)
  t.match(engine.sync().last, { outcome: 'refused', reason: 'PlatformUntrusted' }, 'Olga signs no more')
  await engine.stop()
})

t.test('a rewritten branch of the operators documents is told', async (t) => {
  const vouch: Vouch = async (commit, accepted, ...more) => ({
    ...(await vouchForAll(commit, accepted, ...more)),
    rewritten: accepted === commitOf('2'),
  })
  const platform = createPlatform(commitOf('2'), {}, vouch)
  const stage = createGitStage(t, { source: { vouch: vouchForAll }, platform: platform.source })
  const { engine, titles } = stage
  await engine.start({ triggers: true })
  platform.put(commitOf('1'), {})
  engine.reload()
  await until(() => engine.sync().last?.revision?.endsWith(commitOf('1')) ?? false)
  await engine.stop()
  t.same(titles(), ['the branch was rewritten'])
})

t.test('signatures that a folder cannot have are told once; what it holds runs', async (t) => {
  const { engine, push, job, titles, log, state, restart } = createGitStage(t)
  state.tree = { ...editSmall(askForSignatures()), revision: 'sha256:1' }
  await engine.start({ triggers: true })
  await push('sha256:2', {
    ...askForSignatures(),
    [eodFile]: (text) => text.replace('/outbound', '/elsewhere'),
  })
  t.equal(engine.sync().last?.outcome, 'applied')
  t.match(await job('acme/eod'), { sync: 'Synced', lastAppliedRevision: 'sha256:2' })
  t.equal(log.lines.filter((line) => line.startsWith('warn: `verify`')).length, 1)
  await engine.stop()
  await (await restart()).engine.stop()
  t.same(titles(), ['signatures are not checked'], 'not again, also after a restart')
})

t.test(
  'an older state of the operators documents is refused, also where what ran is lost to the mirror',
  { skip: hasSshKeygen ? false : 'no ssh-keygen' },
  async (t) => {
    const [operator, care] = [createSshKey(t), createSshKey(t)]
    const { commit, mirror, workFolder } = createRepository(t)
    const files = (settings: string, job: string) => ({ [settingsFile]: settings, [eodFile]: job })
    const first = commit({ files: files('old', '1'), key: operator })
    const accepted = commit({ files: files('a connection less', '1'), key: operator, parents: [first] })
    const branch = commit({ files: files('old', '2'), key: care, parents: [first] })
    const vouch = createVouch({ description: 'd', mirror, workFolder, path: '', platform: 'inside' })
    const rules: TrustRules = {
      verify: 'ssh',
      signers: [{ name: 'care', key: care.publicKey }],
      platformSigners: [{ name: 'operator', key: operator.publicKey }],
      requireFastForward: false,
    }
    const ask = (before: string) => vouch(branch, before, rules, new AbortController().signal)
    await t.rejects(ask(accepted), { code: 'PLATFORM_UNTRUSTED' })
    await t.rejects(ask('e'.repeat(40)), { code: 'PLATFORM_UNTRUSTED' })
    t.match(await ask(first), { facts: { commit: branch, signature: { state: 'good', signer: 'care' } } })
  },
)
