/** Runs one command in this process, with the real sources and a fixed clock. What it may not touch is not there. */
import { join } from 'node:path'
import { createFolderSource, createPlatformSource } from '../../engine/adapters/folder-source.ts'
import type { CliParts } from '../../engine/cli/parts.ts'
import { runCommandLine } from '../../engine/cli/program.ts'

const root = join(import.meta.dirname, '../..')

export interface CommandEnd {
  exitCode: number
  out: string
  err: string
}

/** `answers` are what a person at a terminal would type; without them there is no terminal. */
export async function runCommand(
  args: string[],
  {
    now = '2026-11-23T12:00:00Z',
    answers,
    env = {},
  }: { now?: string; answers?: string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<CommandEnd & { asked: string[] }> {
  const [out, err, asked]: [string[], string[], string[]] = [[], [], []]
  const left = [...(answers ?? [])]
  const parts: Partial<CliParts> = {
    print: (text) => void out.push(text),
    warn: (text) => void err.push(text),
    env,
    isTty: answers !== undefined,
    now: () => new Date(now),
    source: createFolderSource,
    platform: createPlatformSource,
    standard: createFolderSource(root, ['templates']),
    ...(answers && {
      async ask(question: string) {
        asked.push(question)
        const answer = left.shift()
        if (answer === undefined) throw new Error(`nobody answers "${question}"`)
        return answer
      },
    }),
  }
  const exitCode = await runCommandLine(args, '0.0.0', parts as CliParts)
  return { exitCode, out: out.join('\n'), err: err.join('\n'), asked }
}
