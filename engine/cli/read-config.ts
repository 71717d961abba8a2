/** A config repository as commands read it. */
import type { Config } from '../config/config.ts'
import { loadConfigAside } from '../config/load.ts'
import type { CliParts } from './parts.ts'

/** Reads and checks a config repository; `--platform` or JOBSD_PLATFORM takes the place of its platform folder. */
export async function readConfig(parts: CliParts, dir: string, platform?: string): Promise<Config> {
  const signal = new AbortController().signal
  const operators = platform ?? parts.env.JOBSD_PLATFORM
  const [tree, standard, platformTree] = await Promise.all([
    parts.source(dir).read(signal),
    parts.standard.read(signal),
    operators === undefined ? undefined : parts.platform(operators).read(signal),
  ])
  return await loadConfigAside(tree, { standard, ...(platformTree && { platform: platformTree }) })
}
