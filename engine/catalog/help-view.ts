/** Words explained, errors explained, and what to write when a job is wanted: the same for every client. */
import { explainError } from './redact.ts'

export interface HelpView {
  glossary: { term: string; text: string }[]
  /** `id` is what links to it. */
  errors: { id: string; means: string; yours: string }[]
  request: { name: string; options: { name: string; text: string }[] }[]
}

const nothingToDo = 'Nothing. Our team sees to it.'

/** What a customer can do, by the code that a failed step ended with; what is not here is for our team alone. */
const yours: Record<string, string> = {
  ENDPOINT_UNREACHABLE:
    'See whether your server or firewall was changed. Then tell customer care, so that it is sent again.',
  ENDPOINT_TIMEOUT:
    'See whether your server is overloaded. Then tell customer care, so that it is sent again.',
  HOST_KEY_CHANGED: 'Did you move or renew your server? Then send customer care its new host key.',
  AUTH_REFUSED: 'Did you change a password or key? Then agree on the new one with customer care.',
  FILE_EXISTS: 'Remove or rename the file of that name on your side, or ask for it to be replaced.',
  FILE_MISSING: 'If you took the file away before it was read, post it again.',
  TARGET_REFUSED: 'See whether the folder is there and we may write to it.',
  TARGET_FULL: 'Make room on your server. Then tell customer care, so that it is sent again.',
  VERIFY_FAILED: nothingToDo,
  MAIL_REFUSED: 'See whether the address is right and its mailbox takes our mail.',
  MAIL_IN_DOUBT: 'See whether the mail arrived, and tell customer care.',
  MAIL_TOO_LARGE: 'Ask for delivery by SFTP or cloud storage: the file has grown too large for mail.',
  TOO_MANY_FILES: 'Take away the files that were read before, or tell customer care.',
  REPORT_EMPTY: 'Nothing, if you expected no calls in that time. Otherwise write to customer care.',
  REPORT_FAILED: nothingToDo,
  DATASET_MISSING: nothingToDo,
  NO_FILE: 'Post the file that the job waits for.',
  STEP_TIMEOUT: nothingToDo,
}

/** The entry that explains an error; empty for one that customers are not told more of. */
export function helpEntry(code = ''): string {
  return Object.hasOwn(yours, code) ? slugOf(code) : ''
}

/** What a customer can do about an error. */
export function adviseOn(code = ''): string {
  return Object.hasOwn(yours, code) ? (yours[code] ?? '') : nothingToDo
}

function slugOf(code: string): string {
  return code.toLowerCase().replaceAll('_', '-')
}

export const helpView: HelpView = {
  glossary: [
    [
      'Job',
      'Steps toward one objective, started by a trigger: for example a report, built and delivered every evening.',
    ],
    ['Trigger Type', 'What starts a job: Scheduled, Campaign, FTPin, After another job, or Manual.'],
    [
      'Scheduled',
      'The job starts at the moments of its schedules: end of day, hourly, weekly, monthly or any other.',
    ],
    ['Campaign', 'The job starts when a campaign ends.'],
    ['FTPin', 'The job starts when a file was posted to the SFTP site.'],
    ['Manual', 'The job starts when somebody asks for it.'],
    ['Step', 'One part of a job: build a report, copy a file, send a mail.'],
    ['Next Success Step', 'The step that follows when a step went well. End: the execution has succeeded.'],
    [
      'Next Failure Step',
      'The step that follows when a step failed, or a condition is false. Fail: the execution has failed.',
    ],
    ['Execution', 'One run of a job. A job for call centers has one for each of them.'],
    ['FTPOutCopy', 'A step that copies files to an SFTP site.'],
    ['Copy to Cloud Object Storage', 'A step that copies files into or from cloud storage.'],
    ['Data period', 'The time that a report covers; it is not the time at which it was made.'],
    ['Skipped', 'There was nothing to send, or the day is off: nothing is wrong.'],
    [
      'Being checked',
      'A mail was handed over, but its receipt was not confirmed. Our team looks into it, so that you do not get it twice.',
    ],
    ['Returned', 'A mail was taken at first and refused later. See that the address is right.'],
    ['SHA-256', 'A fingerprint of a file. If yours is the same, the file is the same, byte by byte.'],
  ].map(([term = '', text = '']) => ({ term, text })),
  errors: Object.entries(yours).map(([code, text]) => ({
    id: slugOf(code),
    means: explainError(code),
    yours: text,
  })),
  request: [
    {
      name: 'Report type',
      options: [
        { name: 'Inbound', text: 'service level, waiting and abandoned calls' },
        { name: 'Call', text: 'call detail records, results, lookups' },
        { name: 'Campaign', text: 'summary, lines, dispositions' },
        { name: 'Agent', text: 'times, states, sign-ins, termination codes' },
        { name: 'Billing', text: 'usage, billed calls, seats, recordings' },
      ],
    },
    {
      name: 'Scope',
      options: [
        { name: 'Client', text: 'one file over everything' },
        { name: 'Call center', text: 'one file for each call center, each to its own recipients' },
      ],
    },
    {
      name: 'Frequency',
      options: [
        { name: 'End of campaign', text: 'when each campaign ends' },
        { name: 'End of day', text: 'once a day, for the day that has ended' },
        {
          name: 'Scheduled',
          text: 'hourly, weekly, monthly, or at times of your own; say the time zone and what days off do',
        },
      ],
    },
    {
      name: 'Delivery method',
      options: [
        { name: 'E-mail', text: 'to whom, and whether the file is attached' },
        { name: 'SFTP', text: 'to which server and folder, under which file name' },
        { name: 'Cloud object storage', text: 'into which bucket and folder' },
      ],
    },
  ],
}
