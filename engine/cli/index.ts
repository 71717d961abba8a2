/** The list of commands. */
import { addCatalog } from './catalog.ts'
import { addCompletion } from './completion.ts'
import { addEmit } from './emit.ts'
import { addForecast } from './forecast.ts'
import { addInit } from './init.ts'
import { addNew } from './new.ts'
import type { AddCommand } from './parts.ts'
import { addPlan } from './plan.ts'
import { addPreview } from './preview.ts'
import { addRun } from './run.ts'
import { addRuns } from './runs.ts'
import { addStart } from './start.ts'
import { addStatus } from './status.ts'
import { addTest } from './test.ts'
import { addValidate } from './validate.ts'

export const commands: readonly AddCommand[] = [
  addValidate,
  addPlan,
  addStart,
  addRun,
  addStatus,
  addRuns,
  addEmit,
  addCatalog,
  addForecast,
  addTest,
  addPreview,
  addNew,
  addInit,
  addCompletion,
]
