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
  "email": {"title":"Email","offersFiles":false,"connections":[{"property":"connection","types":["smtp"]},{"property":"linkConnection","types":["s3"]}]},
  "ftp-out-copy": {"title":"FTPOutCopy","offersFiles":false,"connections":[{"property":"connection","types":["sftp","folder"]}]},
  "cloud-copy": {"title":"Copy to Cloud Object Storage","offersFiles":false,"connections":[{"property":"connection","types":["s3"]}]},
  "cloud-fetch": {"title":"Copy from Cloud Object Storage","offersFiles":true,"connections":[{"property":"connection","types":["s3"]}]},
  "condition": {"title":"Condition","offersFiles":false,"connections":[]},
  "move-file": {"title":"Move File","offersFiles":false,"connections":[]},
  "delete-file": {"title":"Delete File","offersFiles":false,"connections":[]},
  "delete-old-files": {"title":"Delete Old Files","offersFiles":false,"connections":[{"property":"connection","types":["sftp","folder"]}]},
  "compress": {"title":"Compress","offersFiles":true,"connections":[{"property":"key","types":["key"]}]},
  "checksum-manifest": {"title":"Checksum Manifest","offersFiles":true,"connections":[]},
  "wait-for-file": {"title":"Wait For File","offersFiles":true,"connections":[{"property":"connection","types":["sftp","folder"]}]},
  "encrypt": {"title":"Encrypt","offersFiles":true,"connections":[{"property":"recipients","types":["key"]},{"property":"signWith","types":["key"]}]},
  "decrypt": {"title":"Decrypt","offersFiles":true,"connections":[{"property":"key","types":["key"]},{"property":"verifyWith","types":["key"]}]},
  "sign": {"title":"Sign","offersFiles":true,"connections":[{"property":"key","types":["key"]}]},
  "http-request": {"title":"HTTP Request","offersFiles":true,"connections":[{"property":"connection","types":["http"]}]},
  "notify": {"title":"Notify","offersFiles":false,"connections":[]},
  "custom": {"title":"Custom","offersFiles":true,"connections":[{"property":"connection","types":["sftp","folder","s3","smtp"]}]},
}
