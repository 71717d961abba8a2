/** The list of commands. */
import { addCatalog } from './catalog.ts'
import { addEmit } from './emit.ts'
import type { AddCommand } from './parts.ts'
import { addRun } from './run.ts'
import { addRuns } from './runs.ts'
import { addStart } from './start.ts'
import { addStatus } from './status.ts'
import { addValidate } from './validate.ts'

export const commands: readonly AddCommand[] = [
  addValidate,
  addStart,
  addRun,
  addStatus,
  addRuns,
  addEmit,
  addCatalog,
]
