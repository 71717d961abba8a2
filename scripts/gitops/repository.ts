/** A bare Git repository whose commits are made by plumbing, always with the same objects, and without a work tree. */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/** A file of a commit; 120000 is a link with its target, 160000 a submodule with its commit. */
export interface Content {
  mode: '100644' | '120000' | '160000'
  data: string | Buffer
}

export type Files = ReadonlyMap<string, Content>

export interface CommitRequest {
  files: Files
  /** null: no history before it, as after a rewrite. */
  parent: string | null
  /** A second parent: a merge. */
  merge?: string
}

export interface Repository {
  folder: string
  url: string
  /** Puts a commit with exactly these files on `main` and returns its name. */
  commit(request: CommitRequest): string
  /** Moves `main` to a commit that is there, as a force push does. */
  reset(commit: string): void
}

const environment = {
  PATH: process.env.PATH,
  HOME: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  LC_ALL: 'C',
}

/** Runs git in a folder and returns what it printed; throws what it complained of. */
export function runGit(folder: string, args: string[], input: string | Buffer = ''): string {
  const options = { cwd: folder, env: environment, input, maxBuffer: 1 << 28 }
  const { status, stdout, stderr } = spawnSync('git', args, options)
  if (status !== 0) throw new Error(`git ${args[0]}: ${stderr}`)
  return stdout.toString().trim()
}

export function createRepository(folder: string): Repository {
  mkdirSync(folder, { recursive: true })
  runGit(folder, ['init', '--quiet', '--bare', '--template=', '--initial-branch=main', '.'])
  let commits = 0
  return {
    folder,
    url: pathToFileURL(folder).href,
    commit({ files, parent, merge }) {
      const message = `change ${commits}`
      const lines = [
        'commit refs/heads/main',
        `committer Test <test@example.com> ${1_700_000_000 + commits++ * 60} +0000`,
        `data ${message.length}`,
        message,
        ...(parent ? [`from ${parent}`] : []),
        ...(merge ? [`merge ${merge}`] : []),
        'deleteall',
      ]
      const head = Buffer.from(`${parent ? '' : 'reset refs/heads/main\n\n'}${lines.join('\n')}\n`)
      const entries = [...files].flatMap(([path, content]) => spellEntry(path, content))
      runGit(folder, ['fast-import', '--quiet', '--force'], Buffer.concat([head, ...entries]))
      return runGit(folder, ['rev-parse', 'refs/heads/main'])
    },
    reset(commit) {
      runGit(folder, ['update-ref', 'refs/heads/main', commit])
    },
  }
}

function spellEntry(path: string, { mode, data }: Content): Uint8Array[] {
  if (mode === '160000') return [Buffer.from(`M 160000 ${data} ${path}\n`)]
  const bytes = Buffer.from(data)
  return [Buffer.from(`M ${mode} inline ${path}\ndata ${bytes.length}\n`), bytes, Buffer.from('\n')]
}
