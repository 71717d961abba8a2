/** The list of commands. */
import { addBackup } from './backup.ts'
import { addBounces } from './bounces.ts'
import { addCancel } from './cancel.ts'
import { addCatalog } from './catalog.ts'
import { addCompletion } from './completion.ts'
import { addDoctor } from './doctor.ts'
import { addEmit } from './emit.ts'
import { addExplain } from './explain.ts'
import { addForecast } from './forecast.ts'
import { addPin, addResume, addSuspend, addUnpin } from './hold.ts'
import { addInit } from './init.ts'
import { addNew } from './new.ts'
import type { AddCommand } from './parts.ts'
import { addPlan } from './plan.ts'
import { addPreview } from './preview.ts'
import { addRerun } from './rerun.ts'
import { addResend } from './resend.ts'
import { addRestore } from './restore.ts'
import { addRun } from './run.ts'
import { addRuns } from './runs.ts'
import { addStart } from './start.ts'
import { addStatus } from './status.ts'
import { addTest } from './test.ts'
import { addValidate } from './validate.ts'

export const commands: readonly AddCommand[] = [
  addValidate,
  addPlan,
  addDoctor,
  addStart,
  addRun,
  addStatus,
  addRuns,
  addExplain,
  addResend,
  addRerun,
  addCancel,
  addBounces,
  addSuspend,
  addResume,
  addPin,
  addUnpin,
  addEmit,
  addBackup,
  addRestore,
  addCatalog,
  addForecast,
  addTest,
  addPreview,
  addNew,
  addInit,
  addCompletion,
]
