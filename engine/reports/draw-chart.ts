/** A chart as a PNG. Its labels are customers' data: it is drawn in a process of its own. */
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Chart } from '../core/report-overview.ts'
import { runChild } from './run-child.ts'

const at = (path: string, base = import.meta.url) => fileURLToPath(new URL(path, base))
const readable = [
  at('..'),
  at('../../package.json'),
  // The folder that holds the packages: the canvas finds the one for this machine beside it.
  at('../..', import.meta.resolve('chart.js')).replace(/chart\.js.*$/, ''),
]
// The canvas is native code, which Node's permissions do not bind; the rest can start no process and no worker.
const nodeFlags = [
  '--max-old-space-size=128',
  '--disable-proto=delete',
  '--permission',
  '--allow-addons',
  ...readable.map((path) => `--allow-fs-read=${path}`),
]

/**
 * Draws a chart; the same chart gives the same bytes. Takes at most `timeoutMs` (default 10,000). `fault` says why
 * there is no picture: nobody goes without a mail for want of one. Rejects only with the signal's reason.
 */
export async function drawChart(
  chart: Chart,
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<{ png: Buffer } | { fault: string }> {
  const { timeoutMs = 10_000, signal = new AbortController().signal } = options
  const end = await runChild({
    script: new URL('./chart-child.ts', import.meta.url),
    nodeFlags,
    request: chart,
    cwd: tmpdir(),
    timeoutMs,
    maxBytes: 2 ** 20,
    signal,
  })
  if (end.kind === 'answer') return { png: Buffer.from((end.value as { png: string }).png, 'base64') }
  if (end.kind === 'timeout') return { fault: `it did not end within ${timeoutMs} ms` }
  return { fault: end.kind === 'crashed' ? `its process ended by ${end.how}` : 'its picture is too large' }
}
