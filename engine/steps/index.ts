import type { StepType } from '../core/contracts/step.ts'
import type { Step } from '../core/model.ts'
import { drawChart } from '../reports/draw-chart.ts'
import { runReport } from '../reports/run-report.ts'
import { renderMail } from '../reports/template.ts'
import { cloudCopyStep } from './cloud-copy.ts'
import { conditionStep } from './condition.ts'
import { createEmailStep } from './email.ts'
import { ftpOutCopyStep } from './ftp-out-copy.ts'
import { moveFileStep } from './move-file.ts'
import { createReportStep } from './report.ts'

type AnyStepType = { [T in Step['type']]: StepType<T> }[Step['type']]

const list: AnyStepType[] = [
  createReportStep(runReport),
  createEmailStep(renderMail, drawChart),
  ftpOutCopyStep,
  cloudCopyStep,
  moveFileStep,
  conditionStep,
]

/** Every step type, as docs and catalog list them. Whoever runs one picks it by the step's own type. */
export const stepTypes = list as readonly StepType[]
