/** Runs and steps as they happen: a table that redraws itself in a terminal, plain lines elsewhere. */

import { formatTable } from '../../engine/cli/table.ts'
import type { RunDetail } from '../../engine/core/model.ts'

const marks: Record<string, string> = {
  running: '…',
  succeeded: '✓',
  'not-ok': '○',
  failed: '✗',
  skipped: '–',
  queued: '·',
  cancelled: '✗',
}

export interface LiveTable {
  /** Shows these runs, oldest first. */
  show(runs: RunDetail[]): void
  /** Prints a line above the table. */
  say(text: string): void
}

export function createLiveTable(output: NodeJS.WriteStream): LiveTable {
  return output.isTTY ? createTerminalTable(output) : createPlainLines(output)
}

function createTerminalTable(output: NodeJS.WriteStream): LiveTable {
  let drawn = 0
  let shown: RunDetail[] = []
  function erase(): void {
    if (drawn > 0) output.write(`\x1b[${drawn}A\x1b[0J`)
    drawn = 0
  }
  function draw(): void {
    if (shown.length === 0) return
    const width = output.columns || 100
    // A table higher than the screen cannot be redrawn in place: the newest rows are what people look at.
    const room = Math.max(3, (output.rows || 40) - 4)
    const rows = shown
      .slice(-room)
      .map((run) => [
        marks[run.state] ?? '',
        run.job,
        run.callCenter ?? 'all',
        triggerWords[run.trigger.type],
        describeSteps(run),
      ])
    const lines = formatTable(['', 'JOB', 'CALL CENTER', 'TRIGGER', 'STEPS'], rows)
      .split('\n')
      .map((line) => [...line].slice(0, width - 1).join(''))
    output.write(`${lines.join('\n')}\n`)
    drawn = lines.length
  }
  return {
    show(runs) {
      shown = runs
      erase()
      draw()
    },
    say(text) {
      erase()
      output.write(`${text}\n`)
      draw()
    },
  }
}

const triggerWords = {
  scheduled: 'Scheduled',
  campaign: 'Campaign',
  'ftp-in': 'FTPin',
  manual: 'by hand',
  after: 'After',
}

function describeSteps(run: RunDetail): string {
  return run.steps.map((step) => `${marks[step.outcome] ?? ''} ${step.name}`).join('  ')
}

function createPlainLines(output: NodeJS.WriteStream): LiveTable {
  const told = new Set<string>()
  function tell(key: string, line: string): void {
    if (told.has(key)) return
    told.add(key)
    output.write(`${line}\n`)
  }
  return {
    show(runs) {
      for (const run of runs) {
        const label = `${run.job}${run.callCenter ? ` ${run.callCenter}` : ''} (${triggerWords[run.trigger.type]})`
        for (const step of run.steps) {
          if (step.outcome === 'running') continue
          tell(
            `${run.id} ${step.seq}`,
            `  ${label}  ${step.name}: ${step.outcome}${step.error ? `, ${step.error.message}` : step.note ? `, ${step.note}` : ''}`,
          )
        }
        if (run.endedAt) tell(run.id, `  ${label}  run ${run.state}`)
      }
    },
    say(text) {
      output.write(`${text}\n`)
    },
  }
}
