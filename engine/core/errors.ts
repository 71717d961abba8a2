/** The one table of errors that a running engine can meet. docs/errors.md has an entry for each code. */
import { hideSecrets } from './secret.ts'

interface ErrorKind {
  /** `{name}` is replaced by the detail of that name. */
  message: string
  /** Passing: worth another attempt. */
  retry: boolean
  /** What a person can do about it. */
  hint: string
}

export const errorTable = {
  ENDPOINT_UNREACHABLE: {
    message: 'cannot reach {connection}: {reason}',
    retry: true,
    hint: 'Is the server up, and do host and port of the connection fit?',
  },
  ENDPOINT_TIMEOUT: {
    message: '{connection} did not answer within {timeoutMs} ms',
    retry: true,
    hint: 'The server is slow or stalled. The step is tried again as its retry says.',
  },
  HOST_KEY_CHANGED: {
    message: '{connection} showed host key {shown}, which is not one of its hostKeys',
    retry: false,
    hint: "Ask the server's owner whether the key was changed; only then put the new fingerprint into the connection.",
  },
  AUTH_REFUSED: {
    message: '{connection} refused the credentials',
    retry: false,
    hint: 'Look at the user name and at the secret behind the connection.',
  },
  FILE_EXISTS: {
    message: '{path} is already there',
    retry: false,
    hint: 'Use a file name with {slot} or {runId}, or set overwrite.',
  },
  FILE_MISSING: {
    message: '{path} is not there',
    retry: false,
    hint: 'Was it moved or deleted by somebody else?',
  },
  FILE_AWAITED: {
    message: '{path} did not come within {timeout}: {reason}',
    retry: false,
    hint: 'Ask whoever writes it. `jobsd rerun RUN --from STEP` waits for it once more.',
  },
  TARGET_REFUSED: {
    message: '{connection} refused {path}: {reason}',
    retry: false,
    hint: "Permissions, quota or a missing bucket: the server's answer says which.",
  },
  TARGET_FULL: {
    message: '{connection} has no room for {path}: {reason}',
    retry: true,
    hint: 'Free space at the target.',
  },
  TARGET_BUSY: {
    message: '{connection} is busy: {reason}',
    retry: true,
    hint: 'The server asked to come back later. The step is tried again as its retry says.',
  },
  VERIFY_FAILED: {
    message: '{path} holds other bytes than were sent: {reason}',
    retry: true,
    hint: 'The file under its final name was not touched.',
  },
  MAIL_REFUSED: {
    message: '{connection} refused the mail: {reason}',
    retry: false,
    hint: 'The answer of the mail server says why.',
  },
  MAIL_IN_DOUBT: {
    message: '{connection} went away after it was given the mail: it may have been sent',
    retry: false,
    hint: 'Ask the recipient. If the mail is missing, `jobsd resend RUN --target mail:` sends it again.',
  },
  MAIL_TOO_LARGE: {
    message: '{fileName} has {size} bytes, {allowed} are allowed in a mail',
    retry: false,
    hint: "Deliver it by SFTP or S3. Where the client's policy is the limit, an operator can raise maxAttachmentSize.",
  },
  KEY_REFUSED: {
    message: 'the key {connection} is refused: {reason}',
    retry: false,
    hint: "Ask the key's owner for one that is in force, and put it and its fingerprint into the connection.",
  },
  DECRYPT_FAILED: {
    message: '{fileName} cannot be decrypted: {reason}',
    retry: false,
    hint: 'Ask the sender to encrypt it once more, for the key of the step.',
  },
  SIGNATURE_REFUSED: {
    message: '{fileName} is refused: {reason}',
    retry: false,
    hint: 'Ask the sender whether the file is theirs and which key they sign with.',
  },
  TOO_MANY_FILES: {
    message: '{connection} has {count} files for step {step}, its maxFiles allows {allowed}',
    retry: false,
    hint: 'Narrow match or prefix, ask only for the newest, or raise maxFiles.',
  },
  DELIVERY_IN_DOUBT: {
    message: '{target} may have been given it: the attempt ended before anybody could tell',
    retry: false,
    hint: 'Look there. If it is missing, `jobsd resend RUN --target` sends it again.',
  },
  REQUEST_IN_DOUBT: {
    message: '{connection} never answered {request}: it may have acted on it',
    retry: false,
    hint: 'Ask the service. If it did not, `jobsd resend RUN --target http:` sends the request again.',
  },
  ADDRESS_REFUSED: {
    message: '{connection} leads to {address}: {reason}',
    retry: false,
    hint: "Is that the service's address? For one of your own network set allowPrivate in the connection.",
  },
  ANSWER_LOST: {
    message: '{connection} answered {request}, but the answer could not be kept: {reason}',
    retry: false,
    hint: 'The request itself was taken. Raise maxResponse in the connection if the answer was too large.',
  },
  SECRET_UNFIT: {
    message: 'secret {name} cannot be sent in a header',
    retry: false,
    hint: 'A header takes one line of ASCII. Is the right file behind the name?',
  },
  SECRET_MISSING: {
    message: 'there is no secret {name}',
    retry: false,
    hint: 'Put it into $JOBSD_SECRETS_DIR/{name} or JOBSD_SECRET_{variable}.',
  },
  SECRET_EXPOSED: {
    message: 'the file of secret {name} can be read by others',
    retry: false,
    hint: 'chmod 600 it.',
  },
  REPORT_EMPTY: {
    message: 'report {report} has no rows and onEmpty is fail',
    retry: false,
    hint: 'Is the data of the period there?',
  },
  REPORT_FAILED: {
    message: 'report {report} failed: {reason}',
    retry: false,
    hint: "Run the report's query on the data by hand.",
  },
  REPORT_DRIFT: {
    message: 'report {report} gave the columns {found}, its definition says {expected}',
    retry: false,
    hint: 'query.sql and report.yaml must name the same columns in the same order.',
  },
  DATASET_MISSING: {
    message: 'the dataset of {connection} lacks {table}',
    retry: true,
    hint: 'Is the export of the period there?',
  },
  PERIOD_UNKNOWN: {
    message: 'the run has no {period} to report on: {reason}',
    retry: false,
    hint: 'The period `campaign` needs an event with campaign data.',
  },
  TEMPLATE_FAILED: {
    message: 'template {template} failed: {reason}',
    retry: false,
    hint: 'Look at the template, and at the names it uses.',
  },
  FAN_OUT_FAILED: {
    message: 'the fan-out of {job} failed: {reason}',
    retry: false,
    hint: 'Nobody was given anything. Mend the query or its data, then rerun the run.',
  },
  FAN_OUT_ROW: {
    message: 'the row {row} cannot be worked on: {reason}',
    retry: false,
    hint: 'The other rows go on. Mend the data: the next time it is there again. A rerun of the run that asked for the rows makes all of them anew.',
  },
  RECIPIENT_NOT_ALLOWED: {
    message: 'nothing is mailed to {recipient}: {reason}',
    retry: false,
    hint: "Mend where the parameter comes from; an operator can add a domain to the client's policy.",
  },
  FILE_NAME_EMPTY: {
    message: 'the file name {template} came out empty',
    retry: false,
    hint: 'Use a token that this run has.',
  },
  NO_FILE: {
    message: 'step {step} has no file from {from}',
    retry: false,
    hint: 'The named step offered none.',
  },
  STEP_TIMEOUT: {
    message: 'step {step} did not end within {timeoutMs} ms',
    retry: true,
    hint: "Raise the step's timeout, or look at what it waits for.",
  },
  RUN_TIMEOUT: {
    message: 'run {run} did not end within {timeout}',
    retry: false,
    hint: "Raise the job's timeout, or look at what the run waited for.",
  },
  RUN_LOST: {
    message: 'run {run} is held by another worker',
    retry: false,
    hint: 'Nothing to do: the other one goes on with it.',
  },
  ENGINE_RUNNING: {
    message: 'another engine holds {folder}',
    retry: false,
    hint: 'One engine owns a data folder. Stop the other one, or use another --data.',
  },
  ENGINE_NOT_RUNNING: {
    message: 'no engine runs on {folder}',
    retry: false,
    hint: 'Start it with `jobsd start`, or name its folder with --data.',
  },
  LEDGER_NEWER: {
    message: 'the ledger has version {found}, this jobsd knows {known}',
    retry: false,
    hint: 'Use the newer jobsd that wrote it.',
  },
  LEDGER_UNUSABLE: {
    message: '{path} cannot be used: {reason}',
    retry: false,
    hint: 'Is the disk whole and the folder writable? `jobsd restore BACKUP` into an empty data folder brings it back.',
  },
  LEDGER_ON_NETWORK: {
    message: '{folder} is on a file system of type {type}, on which a ledger can be ruined',
    retry: false,
    hint: 'Put the data folder on a local disk. `--unsafe-fs` takes it all the same, at your own risk.',
  },
  BACKUP_DAMAGED: {
    message: '{folder} is no whole backup: {reason}',
    retry: false,
    hint: 'Take an older backup. What is missing or damaged in this one cannot be made good.',
  },
  STORAGE_FAILED: {
    message: "the engine's own storage failed: {reason}",
    retry: true,
    hint: 'Does the disk of the data folder have room, and are there enough file descriptors?',
  },
  JOB_UNKNOWN: {
    message: 'there is no job {job}{near}',
    retry: false,
    hint: '`jobsd status` lists the jobs.',
  },
  JOB_INVALID: {
    message: '{job} has no version that is valid: {problem}',
    retry: false,
    hint: '`jobsd validate` shows every problem with its place.',
  },
  RUN_UNKNOWN: { message: 'there is no run {run}', retry: false, hint: '`jobsd runs` lists the runs.' },
  ARTIFACT_DAMAGED: {
    message: 'the stored file {sha256} is missing or damaged',
    retry: false,
    hint: '`jobsd rerun RUN` makes it anew.',
  },
  SITE_FAILED: {
    message: 'cannot write the catalog to {folder}: {reason}',
    retry: false,
    hint: 'Is the folder writable, without links in it, and does the disk have room?',
  },
  REPOSITORY_MISSING: {
    message: '{folder} is not in a Git repository',
    retry: false,
    hint: 'Name a folder of a clone; what is not in Git has no earlier revision.',
  },
  REVISION_UNKNOWN: {
    message: 'the repository of {folder} has no commit {revision}',
    retry: false,
    hint: 'Is it fetched? A shallow clone lacks older commits: `git fetch --unshallow`, or fetch-depth: 0 in CI. A branch of the remote is origin/NAME.',
  },
  GIT_MISSING: {
    message: 'git is not installed, or not on PATH',
    retry: false,
    hint: 'Install git: it reads earlier revisions and remotes.',
  },
  GIT_FAILED: {
    message: 'git failed: {reason}',
    retry: false,
    hint: "Try git in that folder by hand. It reads nobody's configuration here, so the folder must belong to you.",
  },
  SOURCE_UNREACHABLE: {
    message: 'cannot reach {source}: {reason}',
    retry: true,
    hint: 'Is the Git server up, and does the URL fit? Until it answers, the revision in force stays.',
  },
  SOURCE_REFUSED: {
    message: '{source} was refused: {reason}',
    retry: false,
    hint: 'Look at the URL and at the secrets git-token, or git-ssh-key and git-known-hosts.',
  },
  BRANCH_MISSING: {
    message: '{source} has no branch {branch}{note}',
    retry: false,
    hint: 'Name another with --branch. A repository without any commit has no branch either.',
  },
  PATH_MISSING: {
    message: '{source} has nothing to read at {path}',
    retry: false,
    hint: 'A config repository has jobs.d or templates there, a platform repository settings.yaml.',
  },
  SOURCE_TOO_LARGE: {
    message: '{source} is too large: {reason}',
    retry: false,
    hint: 'Does the branch or the path belong to another repository?',
  },
  COMMIT_UNTRUSTED: {
    message: 'nobody who may vouches for commit {commit}: {reason}',
    retry: false,
    hint: 'Sign the commit with a key of the signers in the settings.',
  },
  PLATFORM_UNTRUSTED: {
    message: 'nobody who may vouches for the platform files of commit {commit}: {reason}',
    retry: false,
    hint: 'An operator signs a commit with exactly these files.',
  },
  NOT_FAST_FORWARD: {
    message: 'commit {commit} does not follow on {accepted}: the branch was rewritten',
    retry: false,
    hint: 'Bring the branch back to a descendant of that commit, or set requireFastForward: false.',
  },
  STEP_CODE_MISSING: {
    message: 'the engine has no code for the step type {name}',
    retry: false,
    hint: 'Was the engine started with the `--steps` that names its module?',
  },
  STEP_CODE_FAILED: {
    message: 'the code of the step type {name} failed: {reason}',
    retry: true,
    hint: 'It is not part of jobsd: ask whoever wrote it.',
  },
  BAD_REQUEST: { message: '{reason}', retry: false, hint: '' },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof errorTable
export type ErrorDetails = Record<string, string | number>

/** An error of the table: message, retry and hint come with its code. Anything else that is thrown is a bug. */
export class JobsdError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails
  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    const shown = hideInDetails(details)
    super(fillIn(errorTable[code].message, shown), options)
    this.name = 'JobsdError'
    this.code = code
    this.details = shown
  }
  get retry(): boolean {
    return errorTable[this.code].retry
  }
  get hint(): string {
    return fillIn(errorTable[this.code].hint, this.details)
  }
}

/** They travel further than the message: to the command line, and back from a child. */
function hideInDetails(details: ErrorDetails): ErrorDetails {
  const entries = Object.entries(details)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? hideSecrets(value) : value]),
  )
}

function fillIn(text: string, details: ErrorDetails): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(details[name] ?? whole))
}
