/** Checks the signatures of commits against the keys of the rules, and against nothing that a repository or a home folder holds. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import type { Signer, TrustRules } from '../core/contracts/config-source.ts'
import { toStorageError } from '../core/storage-error.ts'
import { spawnGit } from './git-command.ts'
import { gpgFormat } from './git-signatures-gpg.ts'
import { collectChild, findProgram, spawnChecker } from './git-signatures-run.ts'
import { sshFormat } from './git-signatures-ssh.ts'

/** Whose signature a commit carries, or why nobody's counts; never the commit's own words. */
export type Verdict =
  | { isGood: true; signer: string; key: string; isOperator: boolean }
  | { isGood: false; reason: string }

/** Judges a commit by its object name; each is checked once. */
export type SignatureCheck = (commit: string) => Promise<Verdict>

/** What the format's program said: which key signed well, or what is wrong. */
export type Finding = { isGood: true; key: string } | { isGood: false; why: string }

export interface KeyRing {
  /** Of each key that was given, in that order; none where it could not be read. */
  fingerprints: string[][]
  /** Git's settings, each `name=value`, that let it use this ring alone. */
  config: string[]
  judge(printed: string): Finding
}

export interface SignatureFormat {
  program: string
  /** The first line of its signatures. */
  armor: string
  prepare(options: { folder: string; program: string; keys: string[]; signal: AbortSignal }): Promise<KeyRing>
}

/** What it takes to check: a bare mirror, and a folder for files that last as long as the check. */
export interface SignaturePlace {
  mirror: string
  workFolder: string
}

/** Lends a check by these rules; its files are gone afterwards. Throws GIT_MISSING, GIT_FAILED, STORAGE_FAILED. */
export async function withSignatureCheck<T>(
  { mirror, workFolder }: SignaturePlace,
  rules: TrustRules,
  signal: AbortSignal,
  use: (check: SignatureCheck) => Promise<T>,
): Promise<T> {
  const folder = await makeFolder(workFolder)
  try {
    const check = await prepareCheck({ mirror, folder, rules, signal }).catch((error: unknown) => {
      throw toStorageError(error)
    })
    const verdicts = new Map<string, Promise<Verdict>>()
    return await use((commit) => {
      const verdict = verdicts.get(commit) ?? check(commit)
      verdicts.set(commit, verdict)
      return verdict
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function makeFolder(workFolder: string): Promise<string> {
  try {
    await mkdir(workFolder, { recursive: true, mode: 0o700 })
    return await mkdtemp(join(workFolder, 'signatures-'))
  } catch (error) {
    throw toStorageError(error)
  }
}

async function prepareCheck(options: {
  mirror: string
  folder: string
  rules: TrustRules
  signal: AbortSignal
}): Promise<SignatureCheck> {
  const { mirror, folder, rules, signal } = options
  const format = rules.verify === 'gpg' ? gpgFormat : sshFormat
  const signers = [...rules.signers, ...rules.platformSigners]
  const program = await findProgram(format.program)
  if (signers.length === 0) return refuse('the settings name no signer')
  if (!program) return refuse(`${format.program} is not installed, or not on PATH`)
  const keys = signers.map(({ key }) => key)
  const ring = await format.prepare({ folder, program, keys, signal })
  const owners = listOwners(rules, signers, ring)
  const unread = signers.filter((_, index) => ring.fingerprints[index]!.length === 0)
  const note =
    unread.length > 0 ? `; no ${rules.verify} key: ${unread.map(({ name }) => name).join(', ')}` : ''
  return async (commit) => {
    const finding = await checkCommit({ mirror, folder, commit, format, ring, signal })
    const owner = finding.isGood ? owners.get(finding.key) : undefined
    if (finding.isGood && owner) return { isGood: true, key: finding.key, ...owner }
    const why = finding.isGood ? `the settings do not name its key ${finding.key}` : finding.why
    return { isGood: false, reason: why + note }
  }
}

function refuse(reason: string): SignatureCheck {
  return async () => ({ isGood: false, reason })
}

/** By fingerprint. A key of both lists has its first name, and its operator's right. */
function listOwners(rules: TrustRules, signers: Signer[], ring: KeyRing) {
  const owners = new Map<string, { signer: string; isOperator: boolean }>()
  for (const [index, { name }] of signers.entries()) {
    const isOperator = index >= rules.signers.length
    for (const key of ring.fingerprints[index]!) {
      const known = owners.get(key)
      owners.set(key, {
        signer: known?.signer ?? name,
        isOperator: isOperator || known?.isOperator === true,
      })
    }
  }
  return owners
}

async function checkCommit(options: {
  mirror: string
  folder: string
  commit: string
  format: SignatureFormat
  ring: KeyRing
  signal: AbortSignal
}): Promise<Finding> {
  const { mirror, folder, commit, format, ring, signal } = options
  // Git picks the program by the signature's first line, whatever gpg.format says: the wrong kind must not come so far.
  const armors = await readArmors(mirror, commit, signal)
  if (armors.length === 0) return { isGood: false, why: 'it is not signed' }
  if (armors.length > 1) return { isGood: false, why: 'it has more than one signature' }
  if (armors[0] !== format.armor) {
    return { isGood: false, why: 'its signature is not of the kind that the settings ask for' }
  }
  const config = [`core.hooksPath=${devNull}`, `gpg.x509.program=${devNull}`, ...ring.config]
  const args = [...config.flatMap((setting) => ['-c', setting]), 'verify-commit', '--raw', commit]
  const child = spawnChecker('git', args, { cwd: mirror, folder }, signal)
  const { code, told } = await collectChild(child, '', signal)
  const finding = ring.judge(told)
  if (finding.isGood && code !== 0) return { isGood: false, why: 'git does not call its signature good' }
  return finding
}

/** The first line of each signature in a commit's header. */
async function readArmors(mirror: string, commit: string, signal: AbortSignal): Promise<string[]> {
  const child = spawnGit(mirror, ['cat-file', 'commit', commit], signal)
  const { code, output } = await collectChild(child, '', signal)
  if (code !== 0) return []
  const [header = ''] = output.toString('latin1').split('\n\n', 1)
  return header.split('\n').flatMap((line) => /^gpgsig(?:-sha256)? (.*)$/.exec(line)?.slice(1) ?? [])
}
