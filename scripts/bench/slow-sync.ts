/** A slower disk for both contenders: the benchmark once more, in a process whose syncs each take longer. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Runs this script with the same arguments but `--sync-ms`. Returns its exit code; 2, and says why, where it cannot. */
export function runSlowly(syncMs: number): number {
  if (!(syncMs >= 0)) {
    console.error('--sync-ms takes a number of milliseconds')
    return 2
  }
  const folder = mkdtempSync(join(tmpdir(), 'jobsd-slow-sync-'))
  try {
    const library = join(folder, 'slow-sync.so')
    const source = join(import.meta.dirname, 'slow-sync.c')
    const built = spawnSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl'], {
      encoding: 'utf8',
    })
    if (built.error || built.status !== 0) {
      console.error(`--sync-ms needs a C compiler, cc: ${built.error?.message ?? built.stderr.trim()}`)
      return 2
    }
    const [script = '', ...args] = process.argv.slice(1)
    const env = {
      ...process.env,
      LD_PRELOAD: library,
      JOBSD_BENCH_SYNC_US: String(Math.round(syncMs * 1000)),
    }
    const rest = [...process.execArgv, script, ...withoutOption(args, '--sync-ms')]
    return spawnSync(process.execPath, rest, { env, stdio: 'inherit' }).status ?? 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function withoutOption(args: string[], name: string): string[] {
  return args.filter((arg, index) => arg !== name && args[index - 1] !== name && !arg.startsWith(`${name}=`))
}
