/** What is known of a client, in a file: a line for the client, and one for each job. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { ClientInput } from '../../engine/catalog/views.ts'
import type { CatalogFacts } from '../../engine/core/contracts/catalog.ts'
import type { RunDetail, Snapshot } from '../../engine/core/model.ts'

interface JobLine {
  snapshot: Snapshot
  older: Snapshot[]
  runs: RunDetail[]
  isInvalid: boolean
  facts: Pick<CatalogFacts, 'outcomes' | 'versions' | 'expectations'> & { since: string | undefined }
}

export function writeInput(path: string, input: ClientInput): void {
  const file = openSync(path, 'w')
  const { client, now, facts } = input
  writeSync(file, `${JSON.stringify({ client, now })}\n`)
  const byJob = <T extends { job: string }>(items: T[] = []) => Map.groupBy(items, ({ job }) => job)
  const [runs, outcomes, versions, expectations] = [
    byJob(input.runs),
    byJob(facts?.outcomes),
    byJob(facts?.versions),
    byJob(facts?.expectations),
  ]
  const invalid = new Set(input.invalid.map(({ job }) => job))
  for (const snapshot of input.snapshots) {
    const { job } = snapshot
    const applied = versions.get(job) ?? []
    const line: JobLine = {
      snapshot,
      older: applied.flatMap((version) =>
        version.snapshot === snapshot.digest ? [] : (input.versions.get(version.snapshot) ?? []),
      ),
      runs: runs.get(job) ?? [],
      isInvalid: invalid.has(job),
      facts: {
        outcomes: outcomes.get(job) ?? [],
        versions: applied,
        expectations: expectations.get(job) ?? [],
        since: facts?.since[job],
      },
    }
    writeSync(file, `${JSON.stringify(line)}\n`)
  }
  closeSync(file)
}

export function readInput(path: string): ClientInput {
  const [head = '', ...lines] = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  const { client, now } = JSON.parse(head) as Pick<ClientInput, 'client' | 'now'>
  const facts: CatalogFacts = { outcomes: [], versions: [], expectations: [], since: {} }
  const input: ClientInput = { client, now, facts, snapshots: [], runs: [], invalid: [], versions: new Map() }
  const versions = new Map<string, Snapshot>()
  for (const line of lines) {
    const { snapshot, older, runs, isInvalid, facts: known } = JSON.parse(line) as JobLine
    input.snapshots.push(snapshot)
    input.runs.push(...runs)
    if (isInvalid) input.invalid.push({ job: snapshot.job })
    for (const version of [snapshot, ...older]) versions.set(version.digest, version)
    facts.outcomes.push(...known.outcomes)
    facts.versions.push(...known.versions)
    facts.expectations.push(...known.expectations)
    if (known.since !== undefined) facts.since[snapshot.job] = known.since
  }
  return { ...input, versions }
}
