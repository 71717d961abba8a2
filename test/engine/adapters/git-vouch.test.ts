import '../../fakes/clean-children.ts'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t, { type Test } from 'tap'
import { createVouch, type VouchOptions } from '../../../engine/adapters/git-vouch.ts'
import type { Signer, TrustRules } from '../../../engine/core/contracts/config-source.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import {
  type CommitSpec,
  createGpgKey,
  createRepository,
  createSshKey,
  hasGpg,
  hasSshKeygen,
  type SigningKey,
} from '../../fakes/signed-repository.ts'

const never = new AbortController().signal
const withSsh = { skip: hasSshKeygen ? false : 'no ssh-keygen' }
const withGpg = { skip: hasGpg ? false : 'no gpg' }
const withBoth = { skip: hasGpg && hasSshKeygen ? false : 'no gpg or no ssh-keygen' }

const [care, operator, stranger] = hasSshKeygen ? [createSshKey(t), createSshKey(t), createSshKey(t)] : []

type Repository = ReturnType<typeof createRepository>

function openRepository(t: Test, changes: Partial<VouchOptions> = {}) {
  const repository = createRepository(t)
  const { mirror, workFolder } = repository
  const description = 'the source'
  const vouch = createVouch({ description, mirror, workFolder, path: '', platform: 'inside', ...changes })
  /** What came of it: `good <signer>`, or the error as `CODE: reason`. */
  async function ask(commit: string, accepted: string | null, rules: TrustRules): Promise<string> {
    try {
      const { facts } = await vouch(commit, accepted, rules, never)
      return facts.signature.state === 'good' ? `good ${facts.signature.signer}` : facts.signature.state
    } catch (error) {
      if (error instanceof JobsdError) return `${error.code}: ${error.details.reason ?? ''}`
      throw error
    }
  }
  return { ...repository, vouch, ask }
}

function toSigner(name: string, key: SigningKey | undefined): Signer {
  return { name, key: key!.publicKey }
}

const noRules: TrustRules = { verify: 'none', signers: [], platformSigners: [], requireFastForward: false }

function sshRules(changes: Partial<TrustRules> = {}): TrustRules {
  const signers = [toSigner('Clara Care', care)]
  return { ...noRules, verify: 'ssh', signers, platformSigners: [toSigner('Olaf', operator)], ...changes }
}

function gpgRules(key: string): TrustRules {
  return { ...noRules, verify: 'gpg', signers: [{ name: 'Olga', key }] }
}

/** A config repository's files: the state of its one job, and of the operators' settings. */
function files(job: string, platform: string, folder = ''): Record<string, string> {
  return {
    [`${folder}jobs.d/acme/eod.yaml`]: `job: ${job}\n`,
    [`${folder}jobs.d/platform/settings.yaml`]: `settings: ${platform}\n`,
  }
}

function findProgram(name: string): string {
  return execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
}

/** A chain of commits, each the next one's parent. */
function commitChain(repository: Repository, ...specs: CommitSpec[]): string[] {
  const names: string[] = []
  for (const spec of specs) names.push(repository.commit({ parents: names.slice(-1), ...spec }))
  return names
}

t.test('without rules everybody is let in, and the facts say that nobody checked', async (t) => {
  const { commit, vouch } = openRepository(t)
  const head = commit({ files: files('1', '1') })
  t.same(await vouch(head, null, noRules, never), {
    facts: {
      commit: head,
      author: 'Anna <anna@example.com>',
      authoredAt: '2026-03-01T10:00:00.000Z',
      signature: { state: 'unchecked' },
    },
    rewritten: false,
  })
})

t.test('an author cannot forge lines, colours or the order of letters, nor write a novel', async (t) => {
  const { commit, read, write, vouch } = openRepository(t)
  const name = 'Ma\u001b[31mx\u202egpj.\u2066\u0007 \u0085end'
  const date = '2026-03-01T12:00:00+02:00'
  const odd = commit({ files: files('1', '1'), author: { name, mail: 'm\u200f@example.com', date } })
  const long = commit({ files: files('1', '1'), author: { name: 'x'.repeat(199) + '💥', mail: 'm', date } })
  const ages = write(read(odd).replace(/^(author .*>) .*$/m, '$1 99999999999999 +0000'))
  const authorOf = async (head: string) => (await vouch(head, null, noRules, never)).facts
  t.equal((await authorOf(odd)).author, 'Ma[31mxgpj. end <m@example.com>')
  t.equal((await authorOf(long)).author, `${'x'.repeat(199)}\ufffd`)
  t.equal((await authorOf(ages)).authoredAt, '9999-12-31T23:59:59.999Z')
})

t.test('a committed .mailmap renames nobody', async (t) => {
  const { commit, git, vouch } = openRepository(t)
  const mailmap = 'The Boss <boss@example.com> <anna@example.com>\n'
  const head = commit({ files: { ...files('1', '1'), '.mailmap': mailmap } })
  git(['update-ref', 'HEAD', head])
  t.equal((await vouch(head, null, noRules, never)).facts.author, 'Anna <anna@example.com>')
})

t.test('a rewritten branch is followed and told of, or refused where the rules ask for that', async (t) => {
  const repository = openRepository(t)
  const [first, second] = commitChain(repository, { files: files('1', '1') }, { files: files('2', '1') })
  const other = repository.commit({ files: files('3', '1'), parents: [first!] })
  const lost = '1'.repeat(40)
  const strict = { ...noRules, requireFastForward: true }
  const isRewritten = async (head: string, accepted: string | null, rules: TrustRules) =>
    (await repository.vouch(head, accepted, rules, never)).rewritten
  t.equal(await isRewritten(second!, first!, strict), false)
  t.equal(await isRewritten(second!, second!, strict), false)
  t.equal(await isRewritten(second!, null, strict), false)
  for (const accepted of [second!, lost, 'sha256:abc', '--all']) {
    t.equal(await isRewritten(other, accepted, noRules), true, accepted)
    const error: unknown = await repository.vouch(other, accepted, strict, never).catch((e: unknown) => e)
    t.match(error, { code: 'NOT_FAST_FORWARD', details: { commit: other, accepted } })
  }
  t.equal(await isRewritten(first!, second!, noRules), true, 'an older commit is a rewritten branch, too')
})

t.test(
  'a commit runs by the signature of a signer or of an operator, and of nobody else',
  withSsh,
  async (t) => {
    const { commit, ask, vouch, folder } = openRepository(t)
    const one = { files: files('1', '1') }
    const rules = sshRules({ platformSigners: [] })
    t.equal(await ask(commit(one), null, rules), 'COMMIT_UNTRUSTED: it is not signed')
    const byStranger = `COMMIT_UNTRUSTED: the settings do not name its key ${stranger!.fingerprint}`
    t.equal(await ask(commit({ ...one, key: stranger! }), null, rules), byStranger)
    const head = commit({ ...one, key: care! })
    const { facts } = await vouch(head, null, rules, never)
    t.same(facts.signature, { state: 'good', signer: 'Clara Care', key: care!.fingerprint })
    t.equal(await ask(commit({ ...one, key: operator! }), null, sshRules()), 'good Olaf')
    t.equal(await ask(commit({ ...one, key: operator! }), null, sshRules({ signers: [] })), 'good Olaf')
    t.same(readdirSync(join(folder, 'work')), [], 'no key ring is left, neither by a yes nor by a no')
  },
)

t.test('signed ancestors do not vouch for an unsigned head', withSsh, async (t) => {
  const repository = openRepository(t)
  const signed = { files: files('1', '1'), key: operator! }
  const [, head] = commitChain(repository, signed, { files: files('2', '1') })
  t.equal(await repository.ask(head!, null, sshRules()), 'COMMIT_UNTRUSTED: it is not signed')
})

t.test('a signature holds for its own commit only', withSsh, async (t) => {
  const { commit, read, write, ask } = openRepository(t)
  const good = commit({ files: files('1', '1'), key: care! })
  const signature = /^gpgsig .*\n(?: .*\n)+/m.exec(read(good))![0]
  const unsigned = read(commit({ files: files('evil', '1') }))
  const copied = write(unsigned.replace('\n\n', `\n${signature}\n`))
  const refused = 'COMMIT_UNTRUSTED: its signature does not fit its content'
  t.equal(await ask(copied, null, sshRules({ platformSigners: [] })), refused)
  const renamed = write(read(good).replace('Anna', 'Otto'))
  t.equal(await ask(renamed, null, sshRules({ platformSigners: [] })), refused)
  const twice = write(read(good).replace('\n\n', `\n${signature}\n`))
  const two = 'COMMIT_UNTRUSTED: it has more than one signature'
  t.equal(await ask(twice, null, sshRules({ platformSigners: [] })), two)
})

t.test('a signature that was made for something else than git does not count', withSsh, async (t) => {
  const { commit, read, write, ask } = openRepository(t)
  const unsigned = read(commit({ files: files('1', '1') }))
  const path = care!.config[1]!.split('=')[1]!
  const sign = (namespace: string) => {
    const options = { input: unsigned, encoding: 'utf8', stdio: 'pipe' } as const
    const armor = execFileSync('ssh-keygen', ['-Y', 'sign', '-n', namespace, '-f', path], options)
    return write(unsigned.replace('\n\n', `\ngpgsig ${armor.trim().replaceAll('\n', '\n ')}\n\n`))
  }
  const rules = sshRules({ platformSigners: [] })
  t.equal(await ask(sign('git'), null, rules), 'good Clara Care')
  t.match(await ask(sign('file'), null, rules), /^COMMIT_UNTRUSTED: /)
  const forged = `x\nGood "git" signature for signer-0 with ED25519 key ${care!.fingerprint}`
  t.match(await ask(sign(forged), null, rules), /^COMMIT_UNTRUSTED: /)
})

t.test('what the repository says of signatures changes nothing', withSsh, async (t) => {
  const { commit, git, mirror, ask } = openRepository(t)
  const line = `* ${stranger!.publicKey}\n`
  const own = { '.gitattributes': '* -text\n', '.gitconfig': '[gpg]\nprogram=true\n', allowed_signers: line }
  const head = commit({ files: { ...files('1', '1'), ...own }, key: stranger! })
  writeFileSync(join(mirror, 'theirs'), line)
  git(['config', 'gpg.ssh.allowedSignersFile', join(mirror, 'theirs')])
  git(['config', 'gpg.ssh.program', '/bin/true'])
  git(['config', 'gpg.minTrustLevel', 'undefined'])
  t.match(await ask(head, null, sshRules()), /^COMMIT_UNTRUSTED: the settings do not name its key/)
})

t.test('a key is one line with a type and a body; anything more is no key at all', withSsh, async (t) => {
  const { commit, ask } = openRepository(t)
  const head = commit({ files: files('1', '1'), key: stranger! })
  const mine = care!.publicKey
  const [type, body] = stranger!.publicKey.split(' ')
  const smuggled = [
    `${mine}\nsigner-0 ${stranger!.publicKey}`,
    `${mine}\r* ${type} ${body}`,
    `cert-authority ${type} ${body}`,
    `namespaces="git" ${type} ${body}`,
    `* ${type} ${body}`,
    `ssh-rsa ${body}`,
    `${type} ${body!.slice(0, 12)}`,
    '',
  ]
  for (const key of smuggled) {
    const rules = sshRules({ signers: [{ name: 'Eve', key }], platformSigners: [] })
    t.match(await ask(head, null, rules), /^COMMIT_UNTRUSTED: .*; no ssh key: Eve$/, key)
  }
  const odd = { name: 'Eve * \n" x', key: `${type} ${body} any comment, with="options"\n` }
  const rules = sshRules({ signers: [odd], platformSigners: [] })
  t.equal(await ask(head, null, rules), `good ${odd.name}`)
})

t.test('a key in both lists is an operator, whichever list names it first', withSsh, async (t) => {
  const { commit, ask } = openRepository(t)
  const first = commit({ files: files('1', '1'), key: operator! })
  const second = commit({ files: files('1', '2'), parents: [first], key: operator! })
  const signers = [toSigner('Olaf at work', operator), toSigner('Clara Care', care)]
  t.equal(await ask(second, first, sshRules({ signers })), 'good Olaf at work')
})

t.test('no good word counts where git itself ends with a no', withSsh, async (t) => {
  const { commit, ask, folder } = openRepository(t)
  const head = commit({ files: files('1', '1'), key: operator! })
  const path = process.env.PATH
  const git = findProgram('git')
  const script = `#!/bin/sh\n${git} "$@" || exit\ncase "$*" in *verify-commit*) exit 1;; esac\n`
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/git'), script, { mode: 0o755 })
  t.teardown(() => {
    process.env.PATH = path
  })
  t.equal(await ask(head, null, sshRules()), 'good Olaf')
  process.env.PATH = `${join(folder, 'bin')}:${path}`
  const refused = 'COMMIT_UNTRUSTED: git does not call its signature good'
  t.equal(await ask(head, null, sshRules()), refused)
})

t.test('rules that name no signer let nobody in', withSsh, async (t) => {
  const { commit, ask } = openRepository(t)
  const rules = sshRules({ signers: [], platformSigners: [] })
  const head = commit({ files: files('1', '1'), key: care! })
  t.equal(await ask(head, null, rules), 'COMMIT_UNTRUSTED: the settings name no signer')
})

t.test('a program that is missing lets nobody in, and is named', withSsh, async (t) => {
  const { commit, ask, folder } = openRepository(t)
  const head = commit({ files: files('1', '1'), key: care! })
  const [bin, path] = [join(folder, 'bin'), process.env.PATH]
  mkdirSync(bin)
  symlinkSync(findProgram('git'), join(bin, 'git'))
  const sshKeygen = findProgram('ssh-keygen')
  t.teardown(() => {
    process.env.PATH = path
  })
  process.env.PATH = bin
  const missing = (program: string) => `COMMIT_UNTRUSTED: ${program} is not installed, or not on PATH`
  t.equal(await ask(head, null, sshRules()), missing('ssh-keygen'))
  t.equal(await ask(head, null, { ...sshRules(), verify: 'gpg' }), missing('gpg'))
  process.env.PATH = `${bin}:${relative(process.cwd(), dirname(sshKeygen))}`
  t.equal(
    await ask(head, null, sshRules()),
    missing('ssh-keygen'),
    'in a relative folder anybody may put one',
  )
  process.env.PATH = join(folder, 'nowhere')
  t.equal(await ask(head, null, noRules), 'GIT_MISSING: ')
})

const noFiles = 'no commit with exactly these files is signed by one of the platformSigners'

t.test("customer care signs what it likes but the operators' files", withSsh, async (t) => {
  const repository = openRepository(t)
  const [base, job, theft] = commitChain(
    repository,
    { files: files('1', '1'), key: operator! },
    { files: files('2', '1'), key: care! },
    { files: files('2', 'mine'), key: care! },
  )
  const { commit, ask } = repository
  t.equal(await ask(job!, base!, sshRules()), 'good Clara Care')
  t.equal(await ask(theft!, job!, sshRules()), `PLATFORM_UNTRUSTED: ${noFiles}`)
  t.equal(await ask(theft!, theft!, sshRules()), 'good Clara Care', 'what was accepted is not asked again')
  const onTop = commit({ files: files('3', 'mine'), parents: [theft!], key: care! })
  t.equal(await ask(onTop, job!, sshRules()), `PLATFORM_UNTRUSTED: ${noFiles}`)
  const { 'jobs.d/acme/eod.yaml': eod } = files('2', '')
  const emptied = commit({ files: { 'jobs.d/acme/eod.yaml': eod! }, parents: [job!], key: care! })
  t.equal(await ask(emptied, job!, sshRules()), `PLATFORM_UNTRUSTED: ${noFiles}`)
  const back = commit({ files: files('3', '1'), parents: [theft!], key: care! })
  t.equal(await ask(back, job!, sshRules()), 'good Clara Care', 'taken back, nothing has changed')
  t.equal(await ask(theft!, job!, sshRules({ platformSigners: [] })), 'good Clara Care')
})

t.test('an operator changes the files, and customer care builds on that', withSsh, async (t) => {
  const repository = openRepository(t)
  const [base, change, next, later] = commitChain(
    repository,
    { files: files('1', '1'), key: operator! },
    { files: files('1', '2'), key: operator! },
    { files: files('2', '2'), key: care! },
    { files: files('3', '2'), key: care! },
  )
  const { ask } = repository
  t.equal(await ask(change!, base!, sshRules()), 'good Olaf')
  t.equal(await ask(later!, base!, sshRules()), 'good Clara Care')
  t.equal(await ask(next!, null, sshRules()), 'good Clara Care', 'at the first start')
  t.match(
    await ask(later!, 'f'.repeat(40), sshRules()),
    /PLATFORM_UNTRUSTED/,
    'with a lost history nothing can be compared: an operator has to sign',
  )
})

t.test('at the first start somebody must have signed the files, too', withSsh, async (t) => {
  const repository = openRepository(t)
  const [, head] = commitChain(
    repository,
    { files: files('1', '1'), key: operator! },
    { files: files('1', '2'), key: care! },
  )
  t.equal(await repository.ask(head!, null, sshRules()), `PLATFORM_UNTRUSTED: ${noFiles}`)
})

t.test(
  "customer care merges an operator's change, and cannot slip its own into the merge",
  withSsh,
  async (t) => {
    const repository = openRepository(t)
    const { commit, ask } = repository
    const base = commit({ files: files('1', '1'), key: operator! })
    const main = commit({ files: files('2', '1'), parents: [base], key: care! })
    const change = commit({ files: files('1', '2'), parents: [base], key: operator! })
    const merge = (platform: string, parents = [main, change]) =>
      commit({ files: files('2', platform), parents, key: care! })
    t.equal(await ask(merge('2'), main, sshRules()), 'good Clara Care')
    t.equal(await ask(merge('2'), base, sshRules()), 'good Clara Care')
    t.equal(await ask(merge('evil'), main, sshRules()), `PLATFORM_UNTRUSTED: ${noFiles}`)
    t.equal(await ask(merge('1'), main, sshRules()), 'good Clara Care', 'left out, nothing has changed')
    const unsigned = commit({ files: files('1', '3'), parents: [base] })
    t.equal(await ask(merge('3', [main, unsigned]), main, sshRules()), `PLATFORM_UNTRUSTED: ${noFiles}`)
    const byCare = commit({ files: files('1', '4'), parents: [base], key: care! })
    const taken = commit({ files: files('2', '4'), parents: [main, byCare], key: operator! })
    t.equal(await ask(taken, main, sshRules()), 'good Olaf', 'an operator merged it')
  },
)

t.test("no older state of the operators' files comes back unsigned", withSsh, async (t) => {
  const repository = openRepository(t)
  const { commit, ask } = repository
  const [first, second, reverted] = commitChain(
    repository,
    { files: files('1', 'open'), key: operator! },
    { files: files('1', 'closed'), key: operator! },
    { files: files('1', 'open'), key: care! },
  )
  t.equal(await ask(reverted!, second!, sshRules()), `PLATFORM_UNTRUSTED: ${noFiles}`)
  const since = 'PLATFORM_UNTRUSTED: Olaf signed them, but they were changed since'
  t.equal(await ask(reverted!, null, sshRules()), since, 'at the first start')
  const forced = commit({ files: files('2', 'open'), parents: [first!], key: care! })
  t.equal(await ask(forced, second!, sshRules()), `PLATFORM_UNTRUSTED: ${noFiles}`, 'by a forced push')
  const again = commit({ files: files('1', 'open'), parents: [second!], key: operator! })
  t.equal(await ask(again, second!, sshRules()), 'good Olaf')
  const restarted = commit({ files: files('1', 'new'), parents: [first!], key: operator! })
  t.equal(await ask(restarted, second!, sshRules()), 'good Olaf', 'an operator may rewrite the branch')
  const [base, , , skipped] = commitChain(
    repository,
    { files: files('1', '1'), key: operator! },
    { files: files('1', 'open'), key: operator! },
    { files: files('1', 'closed'), key: operator! },
    { files: files('1', 'open'), key: care! },
  )
  t.equal(await ask(skipped!, base!, sshRules()), since, 'not even one that nobody has seen running')
})

t.test("an operator's signature holds for what the files were when it was made", withSsh, async (t) => {
  const { commit, ask } = openRepository(t)
  const base = commit({ files: files('1', '1'), key: operator! })
  const stale = commit({ files: files('1', 'stale'), parents: [base], key: operator! })
  const fixed = commit({ files: files('1', 'fixed'), parents: [base], key: operator! })
  const merge = (parent: string) =>
    commit({ files: files('1', 'stale'), parents: [fixed, parent], key: care! })
  const others = 'PLATFORM_UNTRUSTED: Olaf signed them on top of others than those in force'
  t.equal(await ask(merge(stale), fixed, sshRules()), others, 'it would drop the fix')
  const foreign = commit({ files: files('9', 'stale'), key: operator! })
  t.equal(await ask(merge(foreign), fixed, sshRules()), others, 'it is of another repository')
  const knowing = commit({ files: files('1', 'stale'), parents: [stale, fixed], key: operator! })
  t.equal(await ask(merge(knowing), fixed, sshRules()), 'good Clara Care')
})

t.test(
  "the operators' files are those below the source's own folder, wherever they count",
  withSsh,
  async (t) => {
    const [base, change] = [files('1', '1', 'a/b/'), files('1', '2', 'a/b/')]
    const judge = async (options: Partial<VouchOptions>) => {
      const repository = openRepository(t, options)
      const specs = [base, change].map((changed) => ({ files: changed, key: care! }))
      const [first, second] = commitChain(repository, ...specs)
      return await repository.ask(second!, first!, sshRules())
    }
    t.equal(await judge({ path: 'a/b' }), `PLATFORM_UNTRUSTED: ${noFiles}`)
    t.equal(await judge({ path: '' }), 'good Clara Care', 'not below this folder')
    t.equal(await judge({ path: 'a/b', platform: 'apart' }), 'good Clara Care', 'in force from elsewhere')
    for (const path of ['a//b', './a/b', 'a/b/', '/a/b', 'a/../a/b', 'a\nb']) {
      t.throws(() => openRepository(t, { path }), { code: 'BAD_REQUEST' }, path)
    }
  },
)

t.test("each commit of the operators' own source is theirs to sign", withSsh, async (t) => {
  const repository = openRepository(t, { platform: 'all' })
  const [base, byCare] = commitChain(
    repository,
    { files: { 'settings.yaml': '1' }, key: operator! },
    { files: { 'settings.yaml': '1', README: 'hello' }, key: care! },
  )
  const { ask } = repository
  t.equal(await ask(base!, null, sshRules()), 'good Olaf')
  t.equal(
    await ask(byCare!, base!, sshRules()),
    'PLATFORM_UNTRUSTED: Clara Care is not one of the platformSigners',
  )
  t.equal(await ask(byCare!, base!, sshRules({ platformSigners: [] })), 'good Clara Care')
})

t.test('an OpenPGP key signs as well, and is told by its full fingerprint', withGpg, async (t) => {
  const { commit, vouch, ask, read, write, workFolder } = openRepository(t)
  const [olga, other] = [createGpgKey(t), createGpgKey(t)]
  const one = { files: files('1', '1') }
  const head = commit({ ...one, key: olga })
  const rules = gpgRules(olga.publicKey)
  const { facts } = await vouch(head, null, rules, never)
  t.same(facts.signature, { state: 'good', signer: 'Olga', key: olga.fingerprint })
  const byStranger = `COMMIT_UNTRUSTED: the settings do not name its key ${other.fingerprint.slice(-16)}`
  t.equal(await ask(commit({ ...one, key: other }), null, rules), byStranger)
  const tampered = write(read(head).replace('Anna', 'Otto'))
  t.equal(await ask(tampered, null, rules), 'COMMIT_UNTRUSTED: its signature does not fit its content')
  const none = gpgRules(`no key\n${olga.publicKey}`)
  t.match(await ask(head, null, none), /^COMMIT_UNTRUSTED: .*; no gpg key: Olga$/)
  t.same(readdirSync(workFolder), [])
})

t.test('an OpenPGP key that expired or was revoked no longer signs', withGpg, async (t) => {
  const { commit, ask } = openRepository(t)
  const madeAt = Date.parse('2020-01-01T00:00:00Z') / 1000
  const old = createGpgKey(t, { madeAt, validFor: '30d' })
  const expired = commit({ files: files('1', '1'), key: old })
  t.equal(await ask(expired, null, gpgRules(old.publicKey)), 'COMMIT_UNTRUSTED: its key has expired')
  const lost = createGpgKey(t)
  const head = commit({ files: files('1', '1'), key: lost })
  t.equal(await ask(head, null, gpgRules(lost.publicKey)), 'good Olga')
  t.equal(await ask(head, null, gpgRules(lost.revoke())), 'COMMIT_UNTRUSTED: its key was revoked')
})

t.test('a signature of another kind than the settings ask for does not count', withBoth, async (t) => {
  const { commit, ask } = openRepository(t)
  const olga = createGpgKey(t)
  const kind = 'COMMIT_UNTRUSTED: its signature is not of the kind that the settings ask for'
  const byGpg = commit({ files: files('1', '1'), key: olga })
  t.equal(await ask(byGpg, null, sshRules({ platformSigners: [] })), kind)
  const bySsh = commit({ files: files('1', '1'), key: care! })
  t.equal(await ask(bySsh, null, gpgRules(olga.publicKey)), kind)
})

t.test('it stops when it is told to, and what is no commit is not judged', async (t) => {
  const { commit, git, vouch, ask } = openRepository(t)
  const head = commit({ files: files('1', '1') })
  git(['update-ref', 'HEAD', head])
  const reason = new Error('enough')
  await t.rejects(vouch(head, null, noRules, AbortSignal.abort(reason)), reason)
  t.match(await ask('HEAD', null, noRules), /^SOURCE_UNREACHABLE: /)
  t.match(await ask('2'.repeat(40), null, noRules), /^SOURCE_UNREACHABLE: /)
})
