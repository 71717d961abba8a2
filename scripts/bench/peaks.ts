/** The memory of a process and of those that it starts, by what Linux says of them; nothing elsewhere. */
import { readdirSync, readFileSync } from 'node:fs'

export interface Peaks {
  /** The most that each has had, in MB. */
  engine: number
  child: number
  stop(): void
}

/** Looks every 50 ms, until it is stopped. */
export function watchPeaks(pid: number): Peaks {
  const peaks = { engine: 0, child: 0, stop: () => clearInterval(timer) }
  const timer = setInterval(() => {
    peaks.engine = Math.max(peaks.engine, peakOf(pid))
    for (const child of childrenOf(pid)) peaks.child = Math.max(peaks.child, peakOf(child))
  }, 50)
  return peaks
}

function peakOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readProcess(`/proc/${pid}/status`))?.[1] ?? 0) / 1024
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readProcess(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
    )
  } catch {
    // As in readProcess.
    return []
  }
}

function readProcess(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It ended in the meantime, or this is no Linux.
    return ''
  }
}
