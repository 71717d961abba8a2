/** A repository of many jobs that run once in four years, and what its commits compile to. */
import { compileJob } from '../../engine/config/compile.ts'
import { loadConfig } from '../../engine/config/load.ts'
import type { SourceTree } from '../../engine/core/contracts/config-source.ts'
import type { JobId, Snapshot } from '../../engine/core/model.ts'
import { generateRepository } from '../bench/config-repository.ts'
import { textContent } from './manifests.ts'
import { type Files, type Repository, runGit } from './repository.ts'

/** Jobs of the generated shapes; no slot comes while anybody looks. */
export function stillFiles(jobs: number): Map<string, string> {
  const files = generateRepository(jobs)
  let hour = 0
  for (const [path, text] of files) {
    if (!/^jobs\.d\/client-\d+\/job-/.test(path)) continue
    const cron = () => `cron: "0 ${hour++ % 24} 29 2 *"`
    files.set(path, text.replace(/cron: .*/g, cron).replace(/ {6}(calendar|onHoliday): .*\n/g, ''))
  }
  return files
}

export function contentsOf(files: ReadonlyMap<string, string>): Files {
  return new Map([...files].map(([path, text]) => [path, textContent(text)]))
}

/** The version of each job that compiles. */
export function compileAll(files: ReadonlyMap<string, string>, standard: SourceTree): Map<JobId, Snapshot> {
  const sources = [...files].map(([path, text]) => {
    const content = Buffer.from(text)
    return [path, { size: content.length, kind: 'file' as const, content }] as const
  })
  const config = loadConfig({ revision: 'one', files: new Map(sources) }, { standard })
  const compiled = [...config.jobFiles.keys()].map((job) => [job, compileJob(config, job)] as const)
  return new Map(compiled.flatMap(([job, found]) => ('snapshot' in found ? [[job, found.snapshot]] : [])))
}

/** Puts changed files on top of the branch, in a commit that holds nothing but them anew. */
export function commitChanges(
  repository: Repository,
  changed: ReadonlyMap<string, string>,
  message: string,
): string {
  const person = 'Test <test@example.com> 1700000000 +0000'
  const head = [
    'commit refs/heads/main',
    `committer ${person}`,
    `data ${Buffer.byteLength(message)}`,
    message,
    'from refs/heads/main^0',
  ]
  const parts = [...changed].map(
    ([path, text]) => `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
  )
  runGit(repository.folder, ['fast-import', '--quiet', '--force'], `${head.join('\n')}\n${parts.join('')}`)
  return runGit(repository.folder, ['rev-parse', 'refs/heads/main'])
}
