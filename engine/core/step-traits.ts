// Generated from schemas/steps/ by `npm run generate`. Do not edit.
import type { Connection, Job } from './manifest.ts'

/** What the schema of a step type tells of it besides its shape. */
export interface StepTraits {
  /** The platform's own name, as people see it: `FTPOutCopy`. */
  title: string
  /** Its files can be named by a later step's `from`. */
  offersFiles: boolean
  /** The properties that name a connection, or a list of them, and of which types these may be. */
  connections: { property: string; types: Connection['type'][] }[]
}

export const stepTraits: Record<Job['steps'][number]['type'], StepTraits> = {
  "report": {"title":"Report","offersFiles":true,"connections":[]},
  "email": {"title":"Email","offersFiles":false,"connections":[{"property":"connection","types":["smtp"]}]},
  "ftp-out-copy": {"title":"FTPOutCopy","offersFiles":false,"connections":[{"property":"connection","types":["sftp","folder"]}]},
  "cloud-copy": {"title":"Copy to Cloud Object Storage","offersFiles":false,"connections":[{"property":"connection","types":["s3"]}]},
  "condition": {"title":"Condition","offersFiles":false,"connections":[]},
  "move-file": {"title":"Move File","offersFiles":false,"connections":[]},
}
