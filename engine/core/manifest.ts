// Generated from schemas/ by `npm run generate`. Do not edit.

export type Manifest = (Job | Client | ClientPolicy | Connection | Calendar | Settings | Report)
/**
 * An endpoint, kept by the operators: jobs only name it.
 */
export type Connection = (SftpConnection | SmtpConnection | S3Connection | FolderConnection | DatasetConnection)

/**
 * One job: a trigger, and steps toward one objective.
 */
export interface Job {
/**
 * The version of the manifest language.
 */
apiVersion: "jobsd/v1"
/**
 * This document is a Job.
 */
kind: "Job"
/**
 * The job's name; the file is named after it.
 */
name: string
/**
 * One line for people.
 */
title: string
/**
 * A few sentences for people.
 */
description?: string
/**
 * The client; the folder the file is in.
 */
client: string
/**
 * `client` is one run over everything, `call-center` one run per call center.
 */
scope: ("client" | "call-center")
/**
 * The call centers. Default: all of the client's.
 * 
 * @minItems 1
 * @maxItems 200
 * 
 * Items: Lower-case letters, digits and single dashes.
 */
callCenters?: string[]
/**
 * A disabled job never starts by itself. Default true.
 */
enabled?: boolean
/**
 * What starts the job.
 */
trigger: (ScheduledTrigger | CampaignTrigger | FtpInTrigger | ManualTrigger)
/**
 * The steps; the first one starts.
 * 
 * @minItems 1
 * @maxItems 100
 */
steps: (ReportStep | EmailStep | FtpOutCopyStep | CloudCopyStep | ConditionStep | MoveFileStep)[]
}
/**
 * Runs at the moments of its schedules.
 */
export interface ScheduledTrigger {
/**
 * Runs at the moments of its schedules.
 */
type: "scheduled"
/**
 * One or more schedules.
 * 
 * @minItems 1
 * @maxItems 50
 */
schedules: Schedule[]
}
export interface Schedule {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Five fields: minute, hour, day of month, month, day of week.
 */
cron: string
/**
 * The zone of the cron fields. Default: the client's.
 */
timezone?: string
/**
 * Lower-case letters, digits and single dashes.
 */
calendar?: string
/**
 * What becomes of a slot on a day off: nothing, or the business day before or after. Default skip.
 */
onHoliday?: ("skip" | "previous" | "next")
/**
 * Which of the slots missed while the engine was down are run. Default latest.
 */
catchUp?: ("none" | "latest" | "all")
/**
 * How far back catching up reaches. Default 1d.
 */
catchUpWindow?: string
}
/**
 * Runs when a campaign of the client ends.
 */
export interface CampaignTrigger {
/**
 * Runs when a campaign of the client ends.
 */
type: "campaign"
}
/**
 * Runs when a file was posted to a drop folder.
 */
export interface FtpInTrigger {
/**
 * Runs when a file was posted to a drop folder.
 */
type: "ftp-in"
/**
 * One or more drop folders.
 * 
 * @minItems 1
 * @maxItems 20
 */
folders: DropFolder[]
}
export interface DropFolder {
/**
 * Lower-case letters, digits and single dashes.
 */
connection: string
/**
 * The folder to watch.
 */
path: string
/**
 * Names to take; * is any text, ? one character. Default every name.
 * 
 * @minItems 1
 * @maxItems 20
 */
match?: string[]
/**
 * Further names to leave. Dot files and *.tmp, *.part, *.partial, *.filepart are always left.
 * 
 * @maxItems 50
 */
ignore?: string[]
/**
 * How a complete file is known: `renamed`, writers use a temporary name and rename; `stable`, its size and time stay the same for three polls and 30 s. Default stable.
 */
complete?: ("renamed" | "stable")
/**
 * How often the folder is listed. Default 10s.
 */
every?: string
}
/**
 * Runs only when somebody runs it.
 */
export interface ManualTrigger {
/**
 * Runs only when somebody runs it.
 */
type: "manual"
}
/**
 * Renders a report for the run's period and offers it as a file.
 */
export interface ReportStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Renders a report for the run's period and offers it as a file.
 */
type: "report"
/**
 * The report, `<category>/<name>`.
 */
report: string
/**
 * The time that the data covers; `day` is the latest complete statistical day before the slot.
 */
period: ("day" | "day-so-far" | "hour" | "week" | "month" | "week-to-date" | "month-to-date" | "campaign")
/**
 * The file format.
 */
format: "csv"
/**
 * A file name with tokens such as {client}, {callCenter}, {period.end:yyyyMMdd}, {slot:HHmm}, {runId}.
 */
fileName: string
/**
 * What a report without rows means: send it, end the run as skipped, or fail.
 */
onEmpty: ("send" | "skip" | "fail")
/**
 * One attempt is ended after this long. Default 10m.
 */
timeout?: string
retry?: Retry
/**
 * Next Success Step. Default: the next step in the list, `end` after the last.
 */
onSuccess?: string
/**
 * Next Failure Step. Default: `fail`.
 */
onFailure?: string
}
/**
 * How often a step that threw a passing error is tried.
 */
export interface Retry {
/**
 * The total number of attempts.
 */
maxAttempts: number
/**
 * The wait before the second attempt. Default 30s.
 */
delay?: string
/**
 * Each further wait is this many times longer. Default 2.
 */
backoffFactor?: number
/**
 * No wait is longer. Default 1h.
 */
maxDelay?: string
}
/**
 * Sends a mail, with the files of `from` attached.
 */
export interface EmailStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Sends a mail, with the files of `from` attached.
 */
type: "email"
/**
 * Where the files come from: a step, `trigger` (the file that started the run), or a list of these.
 */
from?: (string | string[])
/**
 * Lower-case letters, digits and single dashes.
 */
connection: string
/**
 * Who receives it. Each domain must be in the client's policy.
 * 
 * @minItems 1
 * @maxItems 50
 * 
 * Items: One plain e-mail address.
 */
to: string[]
/**
 * Who receives a copy.
 * 
 * @maxItems 50
 * 
 * Items: One plain e-mail address.
 */
cc?: string[]
/**
 * Who receives a hidden copy.
 * 
 * @maxItems 50
 * 
 * Items: One plain e-mail address.
 */
bcc?: string[]
/**
 * One plain e-mail address.
 */
replyTo?: string
/**
 * A subject of its own instead of the template's; a Handlebars text.
 */
subject?: string
/**
 * Lower-case letters, digits and single dashes.
 */
template: string
/**
 * What to do when the connection broke after the server may have taken the mail: hold it for a person (default) or send it again.
 */
onDoubt?: ("hold" | "resend")
/**
 * One attempt is ended after this long. Default 10m.
 */
timeout?: string
retry?: Retry
/**
 * Next Success Step. Default: the next step in the list, `end` after the last.
 */
onSuccess?: string
/**
 * Next Failure Step. Default: `fail`.
 */
onFailure?: string
}
/**
 * Copies the files of `from` to an SFTP server or a folder, so that nobody sees half a file.
 */
export interface FtpOutCopyStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Copies the files of `from` to an SFTP server or a folder, so that nobody sees half a file.
 */
type: "ftp-out-copy"
/**
 * Where the files come from: a step, `trigger` (the file that started the run), or a list of these.
 */
from: (string | string[])
/**
 * Lower-case letters, digits and single dashes.
 */
connection: string
/**
 * The folder; made if it is missing. Tokens as in file names.
 */
path: string
/**
 * What to do when a file of that name is there. Default fail.
 */
overwrite?: ("fail" | "replace" | "skip-if-same")
/**
 * One attempt is ended after this long. Default 10m.
 */
timeout?: string
retry?: Retry
/**
 * Next Success Step. Default: the next step in the list, `end` after the last.
 */
onSuccess?: string
/**
 * Next Failure Step. Default: `fail`.
 */
onFailure?: string
}
/**
 * Copies the files of `from` into an S3 bucket.
 */
export interface CloudCopyStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Copies the files of `from` into an S3 bucket.
 */
type: "cloud-copy"
/**
 * Where the files come from: a step, `trigger` (the file that started the run), or a list of these.
 */
from: (string | string[])
/**
 * Lower-case letters, digits and single dashes.
 */
connection: string
/**
 * What goes before the file name in the key. Tokens as in file names.
 */
prefix?: string
/**
 * What to do when an object of that key is there. Default fail.
 */
overwrite?: ("fail" | "replace" | "skip-if-same")
/**
 * One attempt is ended after this long. Default 10m.
 */
timeout?: string
retry?: Retry
/**
 * Next Success Step. Default: the next step in the list, `end` after the last.
 */
onSuccess?: string
/**
 * Next Failure Step. Default: `fail`.
 */
onFailure?: string
}
/**
 * Chooses the next step. False takes `onFailure` and is no failure: nobody is told.
 */
export interface ConditionStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Chooses the next step. False takes `onFailure` and is no failure: nobody is told.
 */
type: "condition"
/**
 * What must hold.
 */
when: (EqualsTest | InTest | MatchesTest | GreaterTest | LessTest | AllTest | AnyTest | NotTest)
/**
 * One attempt is ended after this long. Default 10m.
 */
timeout?: string
retry?: Retry
/**
 * Next Success Step. Default: the next step in the list, `end` after the last.
 */
onSuccess: string
/**
 * Next Failure Step. Default: `fail`.
 */
onFailure: string
}
export interface EqualsTest {
/**
 * run.callCenter, run.client, run.weekday (mon..sun), file.name, file.size, event.<field>, steps.<name>.rows, .size or .ok.
 */
value: string
/**
 * The value equals this.
 */
equals: (string | number | boolean)
}
export interface InTest {
/**
 * run.callCenter, run.client, run.weekday (mon..sun), file.name, file.size, event.<field>, steps.<name>.rows, .size or .ok.
 */
value: string
/**
 * The value is one of these.
 * 
 * @minItems 1
 * @maxItems 100
 */
in: (string | number | boolean)[]
}
export interface MatchesTest {
/**
 * run.callCenter, run.client, run.weekday (mon..sun), file.name, file.size, event.<field>, steps.<name>.rows, .size or .ok.
 */
value: string
/**
 * The value matches this pattern; * is any text, ? one character.
 */
matches: string
}
export interface GreaterTest {
/**
 * run.callCenter, run.client, run.weekday (mon..sun), file.name, file.size, event.<field>, steps.<name>.rows, .size or .ok.
 */
value: string
/**
 * The value is greater.
 */
greaterThan: number
}
export interface LessTest {
/**
 * run.callCenter, run.client, run.weekday (mon..sun), file.name, file.size, event.<field>, steps.<name>.rows, .size or .ok.
 */
value: string
/**
 * The value is less.
 */
lessThan: number
}
export interface AllTest {
/**
 * Every one holds.
 * 
 * @minItems 1
 * @maxItems 20
 * 
 * Items: A comparison of one value, or all / any / not of further tests.
 */
all: (EqualsTest | InTest | MatchesTest | GreaterTest | LessTest | AllTest | AnyTest | NotTest)[]
}
export interface AnyTest {
/**
 * At least one holds.
 * 
 * @minItems 1
 * @maxItems 20
 * 
 * Items: A comparison of one value, or all / any / not of further tests.
 */
any: (EqualsTest | InTest | MatchesTest | GreaterTest | LessTest | AllTest | AnyTest | NotTest)[]
}
export interface NotTest {
/**
 * A comparison of one value, or all / any / not of further tests.
 */
not: (EqualsTest | InTest | MatchesTest | GreaterTest | LessTest | AllTest | AnyTest | NotTest)
}
/**
 * Moves the file that started the run to another folder on the same connection.
 */
export interface MoveFileStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Moves the file that started the run to another folder on the same connection.
 */
type: "move-file"
/**
 * The file that started the run.
 */
from: "trigger"
/**
 * The folder to move it to; made if it is missing. Tokens as in file names.
 */
path: string
/**
 * A file name with tokens such as {client}, {callCenter}, {period.end:yyyyMMdd}, {slot:HHmm}, {runId}.
 */
fileName?: string
/**
 * What to do when a file of that name is there. Default fail.
 */
overwrite?: ("fail" | "replace")
/**
 * One attempt is ended after this long. Default 10m.
 */
timeout?: string
retry?: Retry
/**
 * Next Success Step. Default: the next step in the list, `end` after the last.
 */
onSuccess?: string
/**
 * Next Failure Step. Default: `fail`.
 */
onFailure?: string
}
/**
 * One client, kept by customer care.
 */
export interface Client {
/**
 * The version of the manifest language.
 */
apiVersion: "jobsd/v1"
/**
 * This document is a Client.
 */
kind: "Client"
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * One line for people.
 */
title: string
/**
 * The zone of the client's days.
 */
timezone: string
/**
 * When the statistical day ends. Default 00:00.
 */
dayCutOff?: string
/**
 * The client's call centers.
 * 
 * @minItems 1
 * @maxItems 200
 */
callCenters: CallCenter[]
}
export interface CallCenter {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * One line for people.
 */
title: string
}
/**
 * What one client's jobs may use, kept by the operators.
 */
export interface ClientPolicy {
/**
 * The version of the manifest language.
 */
apiVersion: "jobsd/v1"
/**
 * This document is a ClientPolicy.
 */
kind: "ClientPolicy"
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * The connections its jobs may name.
 * 
 * @maxItems 100
 * 
 * Items: Lower-case letters, digits and single dashes.
 */
connections: string[]
/**
 * The domains its mails may go to.
 * 
 * @maxItems 100
 * 
 * Items: A domain, lower case. Its sub-domains are not included.
 */
recipientDomains: string[]
/**
 * The rows its reports may see.
 */
dataset?: {
/**
 * Lower-case letters, digits and single dashes.
 */
connection: string
/**
 * The value of the data's `client` column that is this client. Default its name.
 */
client?: string
}
/**
 * The largest mail attachment. Default 10MiB.
 */
maxAttachmentSize?: string
/**
 * Its schedules may not fire more often. Default 15m.
 */
minInterval?: string
/**
 * Keys that sign the client's events; a second one while keys are changed.
 * 
 * @maxItems 20
 */
eventKeys?: EventKey[]
}
export interface EventKey {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
key: Secret
}
/**
 * The signing secret, by name.
 */
export interface Secret {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * An SFTP server.
 */
export interface SftpConnection {
/**
 * The version of the manifest language.
 */
apiVersion: "jobsd/v1"
/**
 * This document is a Connection.
 */
kind: "Connection"
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * One line for people.
 */
title?: string
/**
 * An SFTP server.
 */
type: "sftp"
/**
 * A host name or address.
 */
host: string
/**
 * The TCP port. Default 22.
 */
port?: number
/**
 * The user.
 */
username: string
password?: Secret1
privateKey?: Secret2
/**
 * The fingerprints the server may show, as ssh-keygen -l prints them. Anything else is refused before a credential is sent.
 * 
 * @minItems 1
 * @maxItems 10
 */
hostKeys: string[]
/**
 * The folder that jobs see as `/`. Default /.
 */
root?: string
}
/**
 * The password, by name.
 */
export interface Secret1 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * The private key, by name.
 */
export interface Secret2 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * A mail server.
 */
export interface SmtpConnection {
/**
 * The version of the manifest language.
 */
apiVersion: "jobsd/v1"
/**
 * This document is a Connection.
 */
kind: "Connection"
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * One line for people.
 */
title?: string
/**
 * A mail server.
 */
type: "smtp"
/**
 * A host name or address.
 */
host: string
/**
 * The TCP port. Default 587.
 */
port?: number
/**
 * tls from the start, STARTTLS required, or none (loopback only).
 */
security: ("tls" | "starttls" | "none")
/**
 * The user, where the server wants one.
 */
username?: string
password?: Secret3
/**
 * One plain e-mail address.
 */
from: string
/**
 * One line for people.
 */
fromName?: string
}
/**
 * The password, by name.
 */
export interface Secret3 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * A bucket of S3 or a compatible store.
 */
export interface S3Connection {
/**
 * The version of the manifest language.
 */
apiVersion: "jobsd/v1"
/**
 * This document is a Connection.
 */
kind: "Connection"
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * One line for people.
 */
title?: string
/**
 * A bucket of S3 or a compatible store.
 */
type: "s3"
/**
 * The URL of a store other than AWS.
 */
endpoint?: string
/**
 * The region.
 */
region: string
/**
 * The bucket.
 */
bucket: string
/**
 * What every key begins with.
 */
prefix?: string
accessKeyId: Secret4
secretAccessKey: Secret5
/**
 * Name the bucket in the path. Default true with an endpoint, false without.
 */
forcePathStyle?: boolean
}
/**
 * The access key id, by name.
 */
export interface Secret4 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * The secret access key, by name.
 */
export interface Secret5 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * A folder on the engine's own machine.
 */
export interface FolderConnection {
/**
 * The version of the manifest language.
 */
apiVersion: "jobsd/v1"
/**
 * This document is a Connection.
 */
kind: "Connection"
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * One line for people.
 */
title?: string
/**
 * A folder on the engine's own machine.
 */
type: "folder"
/**
 * The folder that jobs see as `/`.
 */
path: string
}
/**
 * The tables that reports are made of, one file or folder of files each.
 */
export interface DatasetConnection {
/**
 * The version of the manifest language.
 */
apiVersion: "jobsd/v1"
/**
 * This document is a Connection.
 */
kind: "Connection"
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * One line for people.
 */
title?: string
/**
 * The tables that reports are made of, one file or folder of files each.
 */
type: "dataset"
/**
 * The format of the files.
 */
format: ("parquet" | "csv" | "json")
/**
 * The folder with calls.parquet, campaigns.parquet and so on.
 */
path: string
}
/**
 * Days on which nothing is due.
 */
export interface Calendar {
/**
 * The version of the manifest language.
 */
apiVersion: "jobsd/v1"
/**
 * This document is a Calendar.
 */
kind: "Calendar"
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * One line for people.
 */
title: string
/**
 * Days of the week that are off.
 * 
 * @maxItems 6
 */
weekends?: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[]
/**
 * Single days that are off.
 * 
 * @maxItems 1000
 */
holidays?: Holiday[]
}
export interface Holiday {
/**
 * A calendar day.
 */
date: string
/**
 * One line for people.
 */
title: string
}
/**
 * The operators' settings of the whole engine.
 */
export interface Settings {
/**
 * The version of the manifest language.
 */
apiVersion: "jobsd/v1"
/**
 * This document is a Settings.
 */
kind: "Settings"
/**
 * Always settings.
 */
name: "settings"
/**
 * Where every failed run is told. It cannot be switched off.
 */
alerts: {
/**
 * Lower-case letters, digits and single dashes.
 */
connection: string
/**
 * The operators.
 * 
 * @minItems 1
 * @maxItems 20
 * 
 * Items: One plain e-mail address.
 */
to: string[]
}
/**
 * How many runs at the same time. Default 8.
 */
maxRuns?: number
}
/**
 * What a report is: its columns are a contract.
 */
export interface Report {
/**
 * The version of the manifest language.
 */
apiVersion: "jobsd/v1"
/**
 * This document is a Report.
 */
kind: "Report"
/**
 * The report's name; its folder.
 */
name: string
/**
 * One line for people.
 */
title: string
/**
 * A few sentences for people.
 */
description?: string
/**
 * The category.
 */
category: ("inbound" | "call" | "campaign" | "agent" | "billing")
/**
 * The columns, in order, named as in the query.
 * 
 * @minItems 1
 * @maxItems 200
 */
columns: Column[]
}
export interface Column {
/**
 * The name in the query.
 */
name: string
/**
 * One line for people.
 */
title: string
/**
 * How the values are written.
 */
type: ("text" | "phone" | "integer" | "number" | "percent" | "money" | "timestamp" | "date" | "boolean")
/**
 * Digits after the point. Default 2 for number, percent and money.
 */
decimals?: number
}
