/** Where a delivery comes from, as people read it. */
import type { CommitFacts } from '../core/contracts/config-source.ts'
import type { Provenance } from '../runtime/provenance.ts'
import { toOneLine } from './one-line.ts'

export function describeProvenance(provenance: Provenance): string {
  const { run, job, deliveries, snapshot, revision, changedBy } = provenance
  const lines = [
    ...(deliveries.length > 0 ? deliveries.flatMap(describeDelivery) : [line('delivered', 'nothing')]),
    line('run', run),
    line('job', job),
    line('snapshot', snapshot),
    line('revision', `${revision.id}, in force when the run was recorded`),
    ...describeCommit(revision.id, revision.commit),
  ]
  if (!changedBy) lines.push(line('version', 'not put in force by an engine: it ran by hand without one'))
  else if (changedBy.id === revision.id)
    lines.push(line('version', `came with this revision at ${changedBy.at}`))
  else {
    lines.push(line('version', `came with ${changedBy.id} at ${changedBy.at}`))
    lines.push(...describeCommit(changedBy.id, changedBy.commit))
  }
  return lines.join('\n')
}

function describeDelivery({
  target,
  fileName,
  sha256,
  state,
  at,
}: Provenance['deliveries'][number]): string[] {
  const what = fileName === null ? 'a mail without attachment' : toOneLine(fileName)
  return [
    line(state, `${what} to ${toOneLine(target)} at ${at}`),
    ...(sha256 === null ? [] : [line('  sha256', sha256)]),
  ]
}

function describeCommit(revision: string, commit: CommitFacts | null): string[] {
  if (commit) {
    return [
      line('  author', `${toOneLine(commit.author)} at ${commit.authoredAt}`),
      line('  signature', describeSignature(commit.signature)),
    ]
  }
  const isFolder = revision.startsWith('sha256:')
  return [
    line(
      '  author',
      isFolder ? 'unknown: the source was a plain folder' : 'unknown: no engine applied this commit',
    ),
  ]
}

export function describeSignature(signature: CommitFacts['signature']): string {
  if (signature.state === 'unchecked') return 'not checked: verify is none'
  return `good, by ${toOneLine(signature.signer)} with ${signature.key}`
}

function line(name: string, value: string): string {
  return `${name.padEnd(12)} ${value}`
}
