import type { CustomStepCode, StepType } from '../core/contracts/step.ts'
import type { Step } from '../core/model.ts'
import { drawChart } from '../reports/draw-chart.ts'
import { runReport } from '../reports/run-report.ts'
import { renderMail } from '../reports/template.ts'
import { checksumManifestStep } from './checksum-manifest.ts'
import { cloudCopyStep } from './cloud-copy.ts'
import { cloudFetchStep } from './cloud-fetch.ts'
import { compressStep } from './compress.ts'
import { conditionStep } from './condition.ts'
import { createCustomStep, rehearsedCustomStep } from './custom.ts'
import { decryptStep } from './decrypt.ts'
import { deleteFileStep } from './delete-file.ts'
import { deleteOldFilesStep } from './delete-old-files.ts'
import { createEmailStep } from './email.ts'
import { encryptStep } from './encrypt.ts'
import { ftpOutCopyStep } from './ftp-out-copy.ts'
import { httpRequestStep } from './http-request.ts'
import { moveFileStep } from './move-file.ts'
import { notifyStep } from './notify.ts'
import { createReportStep } from './report.ts'
import { signStep } from './sign.ts'
import { waitForFileStep } from './wait-for-file.ts'

type AnyStepType = { [T in Step['type']]: StepType<T> }[Step['type']]

const standard: AnyStepType[] = [
  createReportStep(runReport),
  createEmailStep(renderMail, drawChart),
  ftpOutCopyStep,
  cloudCopyStep,
  cloudFetchStep,
  moveFileStep,
  deleteFileStep,
  deleteOldFilesStep,
  compressStep,
  checksumManifestStep,
  waitForFileStep,
  encryptStep,
  decryptStep,
  signStep,
  conditionStep,
  httpRequestStep,
  notifyStep,
]

/** Every step type, with the code that the engine was given for those of operators' own. */
export function createStepTypes(codes: readonly CustomStepCode[]): readonly StepType[] {
  const custom = createCustomStep(new Map(codes.map((code) => [code.name, code])))
  return [...standard, custom] as readonly AnyStepType[] as readonly StepType[]
}

/** The same for rehearsals: of operators' own step types none of the code is there. */
export const rehearsedStepTypes = [...standard, rehearsedCustomStep] as readonly StepType[]
