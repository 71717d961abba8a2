// Generated from schemas/ by `npm run generate`. Do not edit.

export type Manifest = (Job | Client | ClientPolicy | Connection | Calendar | Settings | Report | JobTest | StepType)
/**
 * An endpoint, kept by the operators: jobs only name it.
 */
export type Connection = (SftpConnection | SmtpConnection | S3Connection | FolderConnection | DatasetConnection | KeyConnection | HttpConnection)
/**
 * The tables that reports are made of: files, or a database.
 */
export type DatasetConnection = ((FileDatasetConnection | PostgresDatasetConnection) & {
/**
 * The tables that reports are made of.
 */
type: "dataset"
})
/**
 * A key that files are encrypted, decrypted or signed with, or a passphrase.
 */
export type KeyConnection = ((OpenpgpKeyConnection | PassphraseConnection) & {
/**
 * A key, or a passphrase.
 */
type: "key"
})
/**
 * How a request shows who sends it. Default: not at all.
 */
export type HttpAuth = (HttpBasicAuth | HttpBearerAuth | HttpHeaderAuth | HttpHmacAuth)
/**
 * What one step comes to: rows, ok, fails or files.
 */
export type GivenStep = (GivenRows | GivenOk | GivenFailure | GivenFiles)

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
 * What the job was called before: a renamed job keeps its history.
 */
previousName?: string
/**
 * The job's name for people; customers see it.
 */
title: string
/**
 * What the job does, for people; customers see it.
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
trigger: (ScheduledTrigger | CampaignTrigger | FtpInTrigger | ManualTrigger | AfterTrigger)
fanOut?: FanOut
/**
 * How long one run may take, waiting for attempts included; then it fails at the step it is in. Default 1d.
 */
timeout?: string
/**
 * Keeps runs from running side by side. Without it they may.
 */
concurrency?: {
/**
 * Lower-case letters, digits and single dashes.
 */
group?: string
/**
 * How many runs of the group at once; a run that waits for its next attempt counts. The smallest limit that a job of the group gives holds. Default 1.
 */
limit?: number
/**
 * What becomes of a run that is due while the group is full: it waits its turn, it is skipped, or it takes the place of the oldest one, which is cancelled. Default queue.
 */
onConflict?: ("queue" | "skip" | "replace")
}
/**
 * At each of these moments everything that became due since the one before must have ended well, and a job of trigger `ftp-in` or `campaign` must have run at least once; otherwise the operators are told that it is late or missing.
 */
expectBy?: {
/**
 * Five fields: the moments by which the job must have done its work.
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
}
alerts?: AlertCopies
/**
 * The steps; the first one starts.
 * 
 * @minItems 1
 * @maxItems 100
 * 
 * Items: A step. `type` says what it does.
 */
steps: (ReportStep | EmailStep | FtpOutCopyStep | CloudCopyStep | CloudFetchStep | ConditionStep | MoveFileStep | DeleteFileStep | DeleteOldFilesStep | CompressStep | ChecksumManifestStep | WaitForFileStep | EncryptStep | DecryptStep | SignStep | HttpRequestStep | NotifyStep | CustomStep)[]
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
/**
 * A schedule.
 */
export interface Schedule {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * When it is due, in words: hour at ":05", day at "18:30", weekday at "18:30", monday at "07:00", month on the last day at "06:00", end-of-day.
 */
every?: string
/**
 * Five fields: minute, hour, day of month, month, day of week. Either this or every.
 */
cron?: string
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
 * What becomes of slots in a blackout of the calendar: nothing, or the last of them starts when the blackout has ended and covers the days of the others. Default skip.
 */
onBlackout?: ("skip" | "after")
/**
 * Which of the slots missed while the engine was down are run. Default latest.
 */
catchUp?: ("none" | "latest" | "all")
/**
 * How far back catching up reaches. Default 1d.
 */
catchUpWindow?: string
/**
 * In force from then on: a day, or a day with a time, on the schedule's wall clock. Default always.
 */
from?: string
/**
 * In force until then, exclusive; a day counts whole. Default for ever.
 */
until?: string
/**
 * Its runs start up to that much later than they are due, always by the same time, so that jobs of the same minute do not all start at once. Default none.
 */
spread?: string
}
/**
 * Runs when a campaign of the client ends.
 */
export interface CampaignTrigger {
/**
 * Runs when a campaign of the client ends.
 */
type: "campaign"
/**
 * Values that each run takes from its event, by name. An event that lacks a required one, or has another type, is refused and starts nothing.
 * 
 * @minItems 1
 * @maxItems 20
 */
parameters?: Parameter[]
}
/**
 * A value that each run of the job is given by name.
 */
export interface Parameter {
/**
 * Its name: {param.region} in file names, parameters.region in mails, run.parameters.region in conditions, $region in queries.
 */
name: string
/**
 * What it holds. A text is one line; a date is 2026-11-22, an instant 2026-11-22T18:30:00Z.
 */
type: ("text" | "integer" | "number" | "boolean" | "date" | "instant")
/**
 * What people call it. Default its name.
 */
title?: string
/**
 * Of a campaign job: the event's field that it is taken from. Default its name.
 */
field?: string
/**
 * Without it no run is started. Default false.
 */
required?: boolean
/**
 * What it is where nobody says.
 */
default?: (string | number | boolean)
/**
 * The only values that it may have.
 * 
 * @minItems 1
 * @maxItems 100
 */
allowed?: (string | number | boolean)[]
/**
 * Of a text: the most characters. Default 500.
 */
maxLength?: number
/**
 * Of a number, date or instant: the smallest value.
 */
min?: (string | number)
/**
 * Of a number, date or instant: the largest value.
 */
max?: (string | number)
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
/**
 * A drop folder.
 */
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
 * 
 * Items: A name; * is any text, ? one character, and case counts.
 */
match?: string[]
/**
 * Further names to leave. Dot files, *.tmp, *.temp, *.part, *.partial, *.filepart, *.crdownload, *.uploading and *~ are always left.
 * 
 * @maxItems 50
 * 
 * Items: A name; * is any text, ? one character, and case counts.
 */
ignore?: string[]
/**
 * How a complete file is known: `renamed`, writers use a temporary name and rename; `companion`, a second file vouches for it; `stable`, its size and time stay the same for some polls and some time. Default companion where `companion` is there, else stable.
 */
complete?: ("renamed" | "companion" | "stable")
companion?: Companion
/**
 * With `stable`: how many polls must see the same size and time. Default 3.
 */
polls?: number
/**
 * With `stable`: how long size and time must have been the same. Default 30s.
 */
minAge?: string
/**
 * The operators are told of a file that is not complete after this long. Default 1h.
 */
maxWait?: string
/**
 * What to do with a file whose bytes started a run before, under any name, as long as that is kept. `error` tells the operators. Default `process`.
 */
onSameContent?: ("process" | "skip" | "error")
/**
 * One run for each file, or one run for all that are complete at a poll. Default file.
 */
batch?: ("file" | "batch")
/**
 * With `batch`: how many files one run has at most. Default 100.
 */
maxFiles?: number
/**
 * Where a file is moved when its runs ended well; made if it is missing. Nothing there is ever replaced. Tokens as in file names.
 */
archive?: string
/**
 * Where a file is moved when a run of it failed, with the reason beside it as <name>.reason.json. Tokens as in file names.
 */
error?: string
/**
 * Whether a file is moved to .jobsd/claimed in its folder before it is read, so that nobody changes it. Default true where both `archive` and `error` are there.
 */
claim?: boolean
/**
 * How often the folder is listed. Default 10s.
 */
every?: string
}
/**
 * The file that is written last and vouches for its file. It is claimed, archived and put aside with it.
 */
export interface Companion {
/**
 * The companion's name is the file's with this at its end. Default .done.
 */
suffix?: string
/**
 * What the companion holds, which must fit the file's bytes. Default sha256 for the suffix .sha256, md5 for .md5, else none.
 */
checksum?: ("none" | "sha256" | "md5")
}
/**
 * Runs only when somebody runs it.
 */
export interface ManualTrigger {
/**
 * Runs only when somebody runs it.
 */
type: "manual"
/**
 * Values that each run is given by `jobsd run JOB --param name=value`.
 * 
 * @minItems 1
 * @maxItems 20
 */
parameters?: Parameter[]
}
/**
 * Runs when a run of another job of the client has ended.
 */
export interface AfterTrigger {
/**
 * Runs when a run of another job of the client has ended.
 */
type: "after"
/**
 * The job of the same client that this one follows, or a list: then a run of any of them starts one.
 */
job: (string | string[])
/**
 * How the run must have ended: `succeeded`; `failed`; `skipped`, as with `onEmpty: skip`; or `ended`, in any way, also cancelled by hand. Default succeeded.
 */
on?: ("succeeded" | "failed" | "skipped" | "ended")
/**
 * Values that each run takes over by name from the run that it follows.
 * 
 * @minItems 1
 * @maxItems 20
 */
parameters?: Parameter[]
}
/**
 * One run for each row of a query instead of one for the whole client: each with its parameters and its own outcome. Only with `scope: client`, and not with the trigger `ftp-in`.
 */
export interface FanOut {
/**
 * One SELECT on the client's rows, as a report's query: its columns are the `parameters`, in their order. It may use `$client`, `$slot`, `$timezone`, `$day_cut_off`, `$campaign_id` and the parameters of the trigger.
 */
query: string
/**
 * The columns of the query, in their order: what the run of each row is given by name, besides the parameters of the trigger.
 * 
 * @minItems 1
 * @maxItems 20
 */
parameters: Parameter[]
/**
 * The parameter that tells the rows apart: no two rows have the same value of it, and none has none. File names tell the rows apart by it.
 */
key: string
/**
 * The text parameter that names a call center of the client: the run of the row sees the rows of that one only. Without it, and for a row without a value, the run covers the whole client.
 */
callCenter?: string
/**
 * A query without rows: the run ends as skipped, without alert, or it fails.
 */
onEmpty: ("skip" | "fail")
/**
 * With more rows than this the run fails, and nobody gets anything. Default 1000.
 */
maxRows?: number
}
/**
 * Who else is told of failures, lateness and recovery. The operators always are. Each address must be in a recipient domain of the client's policy or in a domain of the operators' own addresses.
 */
export interface AlertCopies {
/**
 * Who is told, beside the operators.
 * 
 * @minItems 1
 * @maxItems 20
 * 
 * Items: One plain e-mail address.
 */
to: string[]
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
 * The file format. csv, txt, fixed, json and parquet are for machines: the same data gives the same bytes. xlsx and html are for people: they say what the report covers and end in a Total row where the report has one.
 */
format: ("csv" | "txt" | "fixed" | "xlsx" | "html" | "json" | "parquet")
/**
 * Lower-case letters, digits and single dashes.
 */
layout?: string
/**
 * Whether a csv, txt, fixed or json file is compressed; {ext} is then csv.gz and so on. Default false.
 */
gzip?: boolean
/**
 * The file's name: no slashes, with tokens such as {client}, {callCenter}, {period.end:yyyyMMdd}, {slot:HHmm}, {runId}.
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
 * How often the step is tried when it meets an error that may pass. Default 3 attempts, 30s, 2, 1h.
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
 * Where the attachments come from: a step, `trigger` (the file that started the run), or a list of these. Without it the mail has none.
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
 * Items: One plain e-mail address, or `{param.name}`: a text parameter of the job that holds one address or several, with commas or semicolons between them.
 */
to: string[]
/**
 * Who receives a copy.
 * 
 * @maxItems 50
 * 
 * Items: One plain e-mail address, or `{param.name}`: a text parameter of the job that holds one address or several, with commas or semicolons between them.
 */
cc?: string[]
/**
 * Who receives a hidden copy.
 * 
 * @maxItems 50
 * 
 * Items: One plain e-mail address, or `{param.name}`: a text parameter of the job that holds one address or several, with commas or semicolons between them.
 */
bcc?: string[]
/**
 * One plain e-mail address.
 */
replyTo?: string
/**
 * How urgent mail programs show it to be. Default normal.
 */
priority?: ("high" | "normal" | "low")
/**
 * One line: a subject instead of the template's, a Handlebars text.
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
 * What to do when the attachments exceed the policy's maxAttachmentSize: fail (default), attach one zip of them if that fits, or put them into a bucket and mail links.
 */
onTooLarge?: ("fail" | "zip" | "link")
/**
 * Lower-case letters, digits and single dashes.
 */
linkConnection?: string
/**
 * How long a link is good for, from 1h to 7d. Default 7d.
 */
linkFor?: string
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
 * What to do when a file of that name is there. `rename` gives the new one the first free name: `a-2.csv`, `a-3.csv` and so on. Default fail.
 */
overwrite?: ("fail" | "replace" | "skip-if-same" | "rename")
/**
 * What is compared before a file gets its name: its size, or every byte of it, read back. Default size.
 */
verify?: ("size" | "sha256")
/**
 * The permissions of each file, in octal, set before it gets its name. The step fails where the server does not set them. Default: the server's choice.
 */
permissions?: string
/**
 * A small file that is put beside each file, after every file of the step is there under its name.
 */
companion?: {
/**
 * `checksum`: the sha256 and the name, as sha256sum prints them. `trigger`: nothing, it is empty. `manifest`: JSON with name, size, sha256 and rows.
 */
kind: ("checksum" | "trigger" | "manifest")
/**
 * What its name has after the file's. Default `.sha256`, `.done`, `.manifest`.
 */
suffix?: string
}
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
 * Tags of each object, by name. Tokens as in file names.
 */
tags?: {
[k: string]: string
}
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
 * Copies objects out of an S3 bucket and offers them as files.
 */
export interface CloudFetchStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Copies objects out of an S3 bucket and offers them as files.
 */
type: "cloud-fetch"
/**
 * Lower-case letters, digits and single dashes.
 */
connection: string
/**
 * What the keys begin with, after the prefix of the connection. Tokens as in file names.
 */
prefix?: string
/**
 * The rest of the key: `*` is any text and `?` one character, neither crosses a `/`. Tokens as in file names.
 */
match: string
/**
 * Only so many of those that match, the last written. Default: all.
 */
newest?: number
/**
 * The step fails where more are to be copied. Default 100, or as many as newest says.
 */
maxFiles?: number
/**
 * What no object that matches means: the run ends as skipped, or the step fails.
 */
onEmpty: ("skip" | "fail")
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
 * Next Success Step: taken when the test holds.
 */
onSuccess: string
/**
 * Next Failure Step: taken when the test does not hold; that is no failure.
 */
onFailure: string
}
/**
 * The value is exactly this.
 */
export interface EqualsTest {
/**
 * What is compared: run.callCenter, run.client, run.weekday (mon..sun), run.parameters.<name>, file.name, file.size, event.<field>, steps.<name>.rows, .size or .ok.
 */
value: string
/**
 * The value equals this.
 */
equals: (string | number | boolean)
}
/**
 * The value is one of these.
 */
export interface InTest {
/**
 * What is compared: run.callCenter, run.client, run.weekday (mon..sun), run.parameters.<name>, file.name, file.size, event.<field>, steps.<name>.rows, .size or .ok.
 */
value: string
/**
 * The value is one of these.
 * 
 * @minItems 1
 * @maxItems 100
 * 
 * Items: One of the values.
 */
in: (string | number | boolean)[]
}
/**
 * The value matches a pattern.
 */
export interface MatchesTest {
/**
 * What is compared: run.callCenter, run.client, run.weekday (mon..sun), run.parameters.<name>, file.name, file.size, event.<field>, steps.<name>.rows, .size or .ok.
 */
value: string
/**
 * The value matches this pattern; * is any text, ? one character.
 */
matches: string
}
/**
 * The value is greater.
 */
export interface GreaterTest {
/**
 * What is compared: run.callCenter, run.client, run.weekday (mon..sun), run.parameters.<name>, file.name, file.size, event.<field>, steps.<name>.rows, .size or .ok.
 */
value: string
/**
 * The value is greater.
 */
greaterThan: number
}
/**
 * The value is less.
 */
export interface LessTest {
/**
 * What is compared: run.callCenter, run.client, run.weekday (mon..sun), run.parameters.<name>, file.name, file.size, event.<field>, steps.<name>.rows, .size or .ok.
 */
value: string
/**
 * The value is less.
 */
lessThan: number
}
/**
 * Every test holds.
 */
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
/**
 * At least one test holds.
 */
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
/**
 * The test does not hold.
 */
export interface NotTest {
/**
 * A comparison of one value, or all / any / not of further tests.
 */
not: (EqualsTest | InTest | MatchesTest | GreaterTest | LessTest | AllTest | AnyTest | NotTest)
}
/**
 * Moves the file that started the run, or files that were waited for, to another folder on the same connection.
 */
export interface MoveFileStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Moves the file that started the run, or files that were waited for, to another folder on the same connection.
 */
type: "move-file"
/**
 * Lower-case letters, digits and single dashes.
 */
from: string
/**
 * The folder to move it to; made if it is missing. Tokens as in file names.
 */
path: string
/**
 * A new name. Default: the name it has. {name} is the name without, {ext} the part after the last dot.
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
 * Deletes the file that started the run, or files that were waited for, from their folder, for good.
 */
export interface DeleteFileStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Deletes the file that started the run, or files that were waited for, from their folder, for good.
 */
type: "delete-file"
/**
 * Lower-case letters, digits and single dashes.
 */
from: string
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
 * Deletes files of one folder that were last written long ago, for good: delivered reports that nobody fetches any more.
 */
export interface DeleteOldFilesStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Deletes files of one folder that were last written long ago, for good: delivered reports that nobody fetches any more.
 */
type: "delete-old-files"
/**
 * Lower-case letters, digits and single dashes.
 */
connection: string
/**
 * The folder; none below it is looked into. Tokens as in file names.
 */
path: string
/**
 * Names to delete; * is any text, ? one character, and case counts. Tokens as in file names. Dot files and those that are still being written are always left.
 */
match: string
/**
 * Whole days since the file was last written, by the clocks of the server and the engine.
 */
olderThan: string
/**
 * How many files one run deletes at most, the oldest first. Default 100.
 */
max?: number
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
 * Packs the files of `from`: all into one zip, or each into a gzip file of its own, and offers what it made.
 */
export interface CompressStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Packs the files of `from`: all into one zip, or each into a gzip file of its own, and offers what it made.
 */
type: "compress"
/**
 * Where the files come from: a step, `trigger` (the file that started the run), or a list of these.
 */
from: (string | string[])
/**
 * `zip` makes one archive of all the files, `gzip` one .gz of each.
 */
format: ("zip" | "gzip")
/**
 * Lower-case letters, digits and single dashes.
 */
key?: string
/**
 * The name of what is made. Default: the file's own name with .zip or .gz behind it; for a zip of several files one of client, call center, job and slot. {name} is the name of a single file without, {ext} the part after the last dot.
 */
fileName?: string
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
 * Lists name and checksum of each file of `from` in a file of its own, and offers that.
 */
export interface ChecksumManifestStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Lists name and checksum of each file of `from` in a file of its own, and offers that.
 */
type: "checksum-manifest"
/**
 * Where the files come from: a step, `trigger` (the file that started the run), or a list of these.
 */
from: (string | string[])
/**
 * The checksum. md5 only where a receiver knows no other: it shows damage, not forgery.
 */
algorithm: ("sha256" | "sha512" | "md5")
/**
 * `coreutils` is what `sha256sum -c` and its kin check; csv and json have each file's size too. Default coreutils.
 */
format?: ("coreutils" | "csv" | "json")
/**
 * The list's name. Tokens as in other file names.
 */
fileName: string
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
 * Waits until files are there and complete, then copies them and offers them.
 */
export interface WaitForFileStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Waits until files are there and complete, then copies them and offers them.
 */
type: "wait-for-file"
/**
 * Lower-case letters, digits and single dashes.
 */
connection: string
/**
 * The folder to look in. Tokens as in file names.
 */
path: string
/**
 * Names to wait for; * is any text, ? one character, and case counts. Tokens as in file names. Files stay where they are, so that a name of every day would be found again tomorrow, unless a later step moves or deletes them.
 */
match: string
/**
 * How many files must be there. Default 1.
 */
minCount?: number
/**
 * With more files than this the step fails. Default 100.
 */
maxFiles?: number
/**
 * How a complete file is known, as in drop folders: `renamed`, writers use a temporary name and rename; `companion`, a second file vouches for it; `stable`, its size and time stay the same for some looks and some time. Default companion where `companion` is there, else stable.
 */
complete?: ("renamed" | "companion" | "stable")
companion?: AwaitedCompanion
/**
 * With `stable`: how long size and time must have been the same. Default 30s.
 */
minAge?: string
/**
 * How long to leave it between two looks. Default 1m.
 */
every?: string
/**
 * What it means when the files are not there in time: the step fails, or the run ends as skipped, without alert.
 */
onMissing: ("fail" | "skip")
/**
 * How long to wait, from the step's first start; a restart of the engine does not begin it anew. The job's own timeout, 1d by default, ends the run all the same.
 */
timeout: string
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
 * The file that is written last and vouches for its file.
 */
export interface AwaitedCompanion {
/**
 * The companion's name is the file's with this at its end. Default .done.
 */
suffix?: string
/**
 * What the companion holds, which must fit the file's bytes. Default sha256 for the suffix .sha256, md5 for .md5, else none.
 */
checksum?: ("none" | "sha256" | "md5")
}
/**
 * Encrypts the files of `from` with OpenPGP, so that only the owners of the recipients' keys can open them, and offers the encrypted files.
 */
export interface EncryptStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Encrypts the files of `from` with OpenPGP, so that only the owners of the recipients' keys can open them, and offers the encrypted files.
 */
type: "encrypt"
/**
 * Where the files come from: a step, `trigger` (the file that started the run), or a list of these.
 */
from: (string | string[])
/**
 * Connections of type key, purpose openpgp: whoever holds one of these keys can open the file.
 * 
 * @minItems 1
 * @maxItems 10
 * 
 * Items: Lower-case letters, digits and single dashes.
 */
recipients: string[]
/**
 * Lower-case letters, digits and single dashes.
 */
signWith?: string
/**
 * Whether it is written as text (ASCII armor), a third longer. Default false.
 */
armor?: boolean
/**
 * The encrypted file's name. Default: the file's own name with .pgp behind it, .asc with armor. {name} is the file's name without, {ext} the part after the last dot.
 */
fileName?: string
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
 * Decrypts the files of `from` with OpenPGP and offers what was in them, once it is proved to be whole.
 */
export interface DecryptStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Decrypts the files of `from` with OpenPGP and offers what was in them, once it is proved to be whole.
 */
type: "decrypt"
/**
 * Where the files come from: a step, `trigger` (the file that started the run), or a list of these.
 */
from: (string | string[])
/**
 * Lower-case letters, digits and single dashes.
 */
key: string
/**
 * Connections of type key, purpose openpgp. A file that none of these keys signed fails. Without it no signature is looked at.
 * 
 * @minItems 1
 * @maxItems 10
 * 
 * Items: Lower-case letters, digits and single dashes.
 */
verifyWith?: string[]
/**
 * The most that may come out of one file. Default 1GiB.
 */
maxSize?: string
/**
 * The decrypted file's name. Default: the file's own name without a last .pgp, .gpg or .asc. {name} is the file's name without, {ext} the part after the last dot.
 */
fileName?: string
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
 * Signs the files of `from` with OpenPGP and offers one detached signature for each.
 */
export interface SignStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Signs the files of `from` with OpenPGP and offers one detached signature for each.
 */
type: "sign"
/**
 * Where the files come from: a step, `trigger` (the file that started the run), or a list of these.
 */
from: (string | string[])
/**
 * Lower-case letters, digits and single dashes.
 */
key: string
/**
 * Whether it is written as text (ASCII armor), a third longer. Default false.
 */
armor?: boolean
/**
 * The signature's name. Default: the file's own name with .sig behind it, .asc with armor. {name} is the file's name without, {ext} the part after the last dot.
 */
fileName?: string
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
 * Sends a request to a web service, or each file of `from` in one.
 */
export interface HttpRequestStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Sends a request to a web service, or each file of `from` in one.
 */
type: "http-request"
/**
 * Lower-case letters, digits and single dashes.
 */
connection: string
/**
 * What is asked for.
 */
method: ("GET" | "POST" | "PUT" | "PATCH" | "DELETE")
/**
 * What is added to the connection's baseUrl. Tokens as in file names; a value stays within its place, one that is missing fails the step.
 */
path: string
/**
 * What stands after the question mark, by name. Tokens as in file names.
 */
query?: {
[k: string]: string
}
/**
 * The request's body: at most 64 KiB of JSON. Tokens as in file names, in texts only.
 */
json?: {
[k: string]: unknown
}
/**
 * Files that are sent as the body, each in a request of its own: those of a step, `trigger` (the file that started the run), or a list of these.
 */
from?: (string | string[])
/**
 * The statuses that are fine. Default: 200 to 299.
 * 
 * @minItems 1
 * @maxItems 20
 * 
 * Items: A status.
 */
expect?: number[]
/**
 * Offers the answer to later steps as a file of this name. Tokens as in file names.
 */
saveAs?: string
/**
 * Of POST and PATCH: what to do when the answer never came. Hold it for a person (default), or send it again, for a service that knows the header Idempotency-Key or takes repeats.
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
 * Tells people something in the middle of a run.
 */
export interface NotifyStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Tells people something in the middle of a run.
 */
type: "notify"
/**
 * Who is told: the operators alone, or also those in the alerts of the client, or also those in the alerts of the client and of the job.
 */
to: ("operators" | "client" | "job")
/**
 * What is told, plain text. Tokens as in file names.
 */
message: string
/**
 * How it is shown. Default info.
 */
level?: ("info" | "warning")
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
 * Runs a step type of your operators' own.
 */
export interface CustomStep {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Runs a step type of your operators' own.
 */
type: "custom"
/**
 * Lower-case letters, digits and single dashes.
 */
uses: string
/**
 * Its inputs by name.
 */
with?: {
[k: string]: string | number | boolean
}
/**
 * Where the files come from: a step, `trigger` (the file that started the run), or a list of these.
 */
from?: (string | string[])
/**
 * Lower-case letters, digits and single dashes.
 */
connection?: string
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
 * The client's name for people.
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
 * How numbers and dates are written in html, a BCP 47 tag; machines' formats do not depend on it. Default en.
 */
locale?: string
/**
 * The client's call centers.
 * 
 * @minItems 1
 * @maxItems 200
 */
callCenters: CallCenter[]
/**
 * The client's own codes for results of calls: they take the place of the data's custom outcomes.
 * 
 * @minItems 1
 * @maxItems 500
 */
outcomes?: OutcomeCodes[]
/**
 * Custom outcome 1 of a result that `outcomes` does not name: the result itself, or nothing. Default platform-code.
 */
outcomeFallback?: ("platform-code" | "empty")
/**
 * The client's own layouts of csv, txt and fixed files.
 * 
 * @minItems 1
 * @maxItems 50
 */
reportFormats?: ReportFormat[]
alerts?: AlertCopies
}
/**
 * A call center.
 */
export interface CallCenter {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Its name for people.
 */
title: string
}
/**
 * The client's own codes of one result.
 */
export interface OutcomeCodes {
/**
 * The result as in the data.
 */
result: string
/**
 * Only calls of this service; comes before an entry for all services.
 */
service?: string
/**
 * Custom outcomes 1, 2 and 3; those that are not there are empty.
 * 
 * @minItems 1
 * @maxItems 3
 */
codes: string[]
}
/**
 * A layout of one report's csv, txt or fixed files; a step names it as `layout`.
 */
export interface ReportFormat {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * Its name for people.
 */
title: string
/**
 * The report that it lays out, `<category>/<name>`.
 */
report: string
/**
 * The file type; a step's `format` is the same.
 */
type: ("csv" | "txt" | "fixed")
/**
 * The columns, in order.
 * 
 * @minItems 1
 * @maxItems 200
 */
columns: LayoutColumn[]
/**
 * Between columns: one character. Default a comma in csv, a tab in txt.
 */
delimiter?: string
/**
 * Which cells of csv and txt are in double quotes. With `none` a cell with the delimiter or a line break in it fails the report. Default minimal.
 */
quote?: ("minimal" | "all" | "none")
/**
 * Whether the first row has the titles. Default true, in fixed false.
 */
header?: boolean
/**
 * The character encoding; utf-16le begins with a byte-order mark. Default utf-8.
 */
encoding?: ("utf-8" | "utf-8-bom" | "windows-1252" | "iso-8859-1" | "utf-16le")
/**
 * What a character means that the encoding does not have; `replace` writes `?`. Default fail.
 */
unmappable?: ("fail" | "replace")
/**
 * How lines end. Default lf.
 */
lineEnd?: ("lf" | "crlf")
/**
 * Of dates, in `yyyy MM dd`. Default yyyy-MM-dd.
 */
dateFormat?: string
/**
 * Of timestamps, in `yyyy MM dd HH mm ss`, in the client's zone. Default RFC 3339 with the zone's offset.
 */
timestampFormat?: string
/**
 * Default a point.
 */
decimalSign?: ("." | ",")
}
/**
 * A column of the file: one of the report's, or the same text in every row.
 */
export interface LayoutColumn {
/**
 * The report's column; instead of `constant`.
 */
name?: string
/**
 * The text of every row; instead of `name`. Never taken for a formula.
 */
constant?: string
/**
 * The heading. Default the report's; empty for a constant.
 */
title?: string
/**
 * Digits after the decimal sign of a number, percent or money. Default the report's.
 */
decimals?: number
/**
 * Of a date or timestamp. Default the layout's.
 */
dateFormat?: string
/**
 * Of fixed: how many characters the column has. Required there.
 */
width?: number
/**
 * Of fixed: where the text stands. Default right for numbers, otherwise left.
 */
align?: ("left" | "right")
/**
 * Of fixed: what fills the column. Default a space.
 */
pad?: string
/**
 * Of fixed: what a longer text means. `cut` keeps its beginning; a number is never cut. Default fail.
 */
tooLong?: ("fail" | "cut")
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
 * The step types of your own that its jobs may use. Default none.
 * 
 * @maxItems 100
 * 
 * Items: Lower-case letters, digits and single dashes.
 */
stepTypes?: string[]
/**
 * The domains its mails may go to.
 * 
 * @maxItems 100
 * 
 * Items: A domain in lower case, such as acme.example; its sub-domains are not included.
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
reportLimits?: ReportLimits
/**
 * Its schedules may not fire more often. Default 15m.
 */
minInterval?: string
/**
 * How many signed events of the client are taken in a minute, repeats included; more are told to come again. Default 6000.
 */
eventsPerMinute?: number
/**
 * Keys that sign the client's events; a second one while keys are changed.
 * 
 * @maxItems 20
 */
eventKeys?: EventKey[]
catalog?: CatalogAccess
}
/**
 * How large one report may get.
 */
export interface ReportLimits {
/**
 * The report's file, after compression. Default 1GiB.
 */
maxFile?: string
/**
 * What does not fit into memory and goes to disk while the query runs. Default 4GiB.
 */
maxTemporary?: string
/**
 * What the query has in memory; its process may have half as much again and 512 MiB. Default 512MiB.
 */
memory?: string
}
/**
 * A key that signs events.
 */
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
 * Who may read the client's pages where the engine serves them. Default: nobody.
 */
export interface CatalogAccess {
/**
 * What customers sign in with. Whoever holds a token that is taken out of here is out at once.
 * 
 * @maxItems 20
 */
tokens?: CatalogToken[]
/**
 * What opens the calendar feed, as a part of its address: for calendar programs, which cannot sign in.
 * 
 * @maxItems 20
 */
calendar?: CalendarToken[]
}
/**
 * A token that signs in, by its hash.
 */
export interface CatalogToken {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * The SHA-256 of the token in hex, as `jobsd catalog --new-token` prints it.
 */
sha256: string
}
/**
 * A token that opens the feed, by its hash.
 */
export interface CalendarToken {
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * The SHA-256 of the token in hex, as `jobsd catalog --new-token` prints it.
 */
sha256: string
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
 * The connection's name for people.
 */
title?: string
/**
 * An SFTP server.
 */
type: "sftp"
/**
 * A host name or address, without protocol or port.
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
passphrase?: Secret3
/**
 * The fingerprints the server may show, as ssh-keygen -l prints them. Anything else is refused before a credential is sent.
 * 
 * @minItems 1
 * @maxItems 10
 * 
 * Items: A fingerprint as `ssh-keygen -l` prints it, SHA256: and 43 characters.
 */
hostKeys: string[]
/**
 * The folder that jobs see as `/`. Default /.
 */
root?: string
/**
 * How many connections may be open at a time; another is opened when all have their fill of operations. Default 1.
 */
maxConnections?: number
/**
 * How many files may be under way on one connection at a time; the others wait. Default 16.
 */
maxOperations?: number
/**
 * Whether, where the server knows no better, these may be used, all of them weak or broken: key exchange by SHA-1, host keys of type ssh-rsa (SHA-1) and ssh-dss, AES and 3DES in CBC mode, HMAC-SHA-1. Default false.
 */
legacyAlgorithms?: boolean
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
 * What the private key is encrypted with, by name.
 */
export interface Secret3 {
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
 * The connection's name for people.
 */
title?: string
/**
 * A mail server.
 */
type: "smtp"
/**
 * A host name or address, without protocol or port.
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
password?: Secret4
/**
 * One plain e-mail address.
 */
from: string
/**
 * The sender's name.
 */
fromName?: string
/**
 * One plain e-mail address.
 */
returnPath?: string
/**
 * How the engine hears of mails that come back. Without it nobody does.
 */
bounces?: {
/**
 * A folder in which every file is one mail that came to `returnPath`: the `new` of a maildir, or where `.eml` files are dropped.
 */
mailbox?: {
/**
 * Lower-case letters, digits and single dashes.
 */
connection: string
/**
 * The folder. What was read is moved to `done`, `other` or `failed` in it; no other connection may name it.
 */
folder: string
/**
 * How often to look. A file is taken when two looks found it the same. At least 1s, at most 1d. Default 1m.
 */
every?: string
}
/**
 * Takes returned mails by `POST /v1/hooks/bounces/<connection>`, signed with this secret.
 */
hook?: {
secret: Secret5
}
}
/**
 * How many sessions may be open at a time; other mails wait for their turn. Default 5.
 */
maxConnections?: number
/**
 * How many mails the server is given within any minute; others wait for their turn, in order. Default: no limit.
 */
maxPerMinute?: number
/**
 * Signs every mail, so that the recipients can tell that it is the domain's. Without it the relay signs, or nobody.
 */
dkim?: {
/**
 * A domain in lower case, such as acme.example; its sub-domains are not included.
 */
domain: string
/**
 * Which key: its public half is the TXT record `<selector>._domainkey.<domain>`.
 */
selector: string
privateKey: Secret6
}
}
/**
 * The password, by name.
 */
export interface Secret4 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * What requests are signed with, by name.
 */
export interface Secret5 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * The private RSA key as PEM, by name.
 */
export interface Secret6 {
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
 * The connection's name for people.
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
 * The region: lower-case letters, digits and dashes.
 */
region: string
/**
 * The bucket: 3 to 63 lower-case letters, digits, dots and dashes.
 */
bucket: string
/**
 * What every key begins with.
 */
prefix?: string
accessKeyId: Secret7
secretAccessKey: Secret8
sessionToken?: Secret9
assumeRole?: AssumedRole
/**
 * How the store encrypts what is put. Default: as the bucket says.
 */
serverSideEncryption?: ("AES256" | "aws:kms")
/**
 * The key to encrypt with, by its id, alias or ARN; only with aws:kms. Default: the store's own.
 */
kmsKeyId?: string
/**
 * The storage class of what is put. Default: the store's own.
 */
storageClass?: ("STANDARD" | "STANDARD_IA" | "ONEZONE_IA" | "INTELLIGENT_TIERING" | "GLACIER_IR" | "GLACIER" | "DEEP_ARCHIVE" | "REDUCED_REDUNDANCY")
/**
 * Whether the store itself refuses to put onto a taken key (If-None-Match); `doctor --write` tells. false: looked first, then put. Default true.
 */
conditionalPut?: boolean
/**
 * How many objects may be under way at a time; others wait for their turn. Default 16.
 */
maxConnections?: number
/**
 * Name the bucket in the path. Default true with an endpoint, false without.
 */
forcePathStyle?: boolean
}
/**
 * The access key id, by name.
 */
export interface Secret7 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * The secret access key, by name.
 */
export interface Secret8 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * The session token of temporary keys, by name. It is read anew when the store refuses the keys.
 */
export interface Secret9 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * A role that the keys take on; the store then sees the role's own temporary keys.
 */
export interface AssumedRole {
/**
 * The role's ARN.
 */
roleArn: string
externalId?: Secret10
/**
 * What the owner's logs call the session. Default jobsd.
 */
sessionName?: string
/**
 * The URL of the token service. Default: the connection's endpoint, without one that of AWS in its region.
 */
endpoint?: string
}
/**
 * What the role's owner asks for besides, by name.
 */
export interface Secret10 {
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
 * The connection's name for people.
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
 * Tables as files, one file or folder of files each.
 */
export interface FileDatasetConnection {
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
 * The connection's name for people.
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
 * Tables in a PostgreSQL database. A report's rows are read there; its query never gets there.
 */
export interface PostgresDatasetConnection {
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
 * The connection's name for people.
 */
title?: string
/**
 * The tables that reports are made of.
 */
type: "dataset"
/**
 * A PostgreSQL database.
 */
format: "postgres"
/**
 * A host name or address, without protocol or port.
 */
host: string
/**
 * The TCP port. Default 5432.
 */
port?: number
/**
 * The database.
 */
database: string
/**
 * The role to log in as; it needs no more than to read these tables.
 */
username: string
password: Secret11
/**
 * The schema that the tables or views are in. Default public.
 */
schema?: string
/**
 * required: TLS, and a certificate of the host's name. none is for loopback only. Default required.
 */
tls?: ("required" | "none")
/**
 * The certificates that the server's must be signed by, as PEM. Default: those that Node.js trusts.
 */
ca?: string
/**
 * How long one table may take to be read. Default 10m.
 */
statementTimeout?: string
}
/**
 * The password, by name.
 */
export interface Secret11 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * An OpenPGP key: somebody else's, or with its private half one of your own.
 */
export interface OpenpgpKeyConnection {
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
 * The connection's name for people.
 */
title?: string
/**
 * A key.
 */
type: "key"
/**
 * An OpenPGP key, for the steps encrypt, decrypt and sign.
 */
purpose: "openpgp"
/**
 * The fingerprint of the whole key, 40 or 64 hex digits without spaces, as `gpg --list-keys` prints it. Get it from the key's owner another way than the key.
 */
fingerprint: string
/**
 * The public key in armor, `-----BEGIN PGP PUBLIC KEY BLOCK-----` and so on, as `gpg --armor --export` prints it.
 */
publicKey: string
privateKey?: Secret12
passphrase?: Secret13
}
/**
 * The private key in armor, by name. Only what decrypts or signs needs it.
 */
export interface Secret12 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * The passphrase of the private key, by name, where it has one.
 */
export interface Secret13 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * A passphrase for archives that are opened by one.
 */
export interface PassphraseConnection {
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
 * The connection's name for people.
 */
title?: string
/**
 * A passphrase.
 */
type: "key"
/**
 * A passphrase, for encrypted zip files.
 */
purpose: "passphrase"
passphrase: Secret14
}
/**
 * The passphrase, by name.
 */
export interface Secret14 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
/**
 * A web service.
 */
export interface HttpConnection {
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
 * The connection's name for people.
 */
title?: string
/**
 * A web service.
 */
type: "http"
/**
 * What every request's path is added to. No redirect is followed.
 */
baseUrl: string
auth?: HttpAuth
/**
 * Headers that each request has; nothing secret, that is for auth.
 */
headers?: {
[k: string]: string
}
/**
 * Whether the host may be in a private network or on this machine. Default false: such an address is never connected to.
 */
allowPrivate?: boolean
/**
 * How many requests may be under way at a time; others wait for their turn. Default 10.
 */
maxConnections?: number
/**
 * How many requests the service is sent within any minute; others wait for their turn, in order. Default: no limit.
 */
maxPerMinute?: number
/**
 * The largest answer that is kept as a file. Default 10MiB.
 */
maxResponse?: string
/**
 * The certificates that alone are trusted to sign the host's, in PEM. Default: the public ones that Node knows.
 */
ca?: string
}
export interface HttpBasicAuth {
/**
 * User name and password.
 */
type: "basic"
/**
 * The user, without a colon.
 */
username: string
password: Secret15
}
/**
 * The password, by name.
 */
export interface Secret15 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
export interface HttpBearerAuth {
/**
 * A token in the header Authorization.
 */
type: "bearer"
token: Secret16
}
/**
 * The token, by name.
 */
export interface Secret16 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
export interface HttpHeaderAuth {
/**
 * A key in a header of the service's own.
 */
type: "header"
/**
 * The header.
 */
name: string
value: Secret17
}
/**
 * The key, by name.
 */
export interface Secret17 {
/**
 * The name of the secret, never its value.
 */
secret: string
}
export interface HttpHmacAuth {
/**
 * Each request signed as Standard Webhooks say: webhook-id, webhook-timestamp, webhook-signature.
 */
type: "hmac"
key: Secret18
}
/**
 * The key, by name: `whsec_` and base64, or any text.
 */
export interface Secret18 {
/**
 * The name of the secret, never its value.
 */
secret: string
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
 * For people.
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
/**
 * Times at which nothing starts, on the wall clock of the schedule that names the calendar.
 * 
 * @maxItems 200
 */
blackouts?: Blackout[]
}
/**
 * A day that is off.
 */
export interface Holiday {
/**
 * The day, as yyyy-MM-dd in quotes.
 */
date: string
/**
 * Why.
 */
title: string
}
/**
 * A time at which nothing starts.
 */
export interface Blackout {
/**
 * Why.
 */
title: string
/**
 * With times of the day: the days on which it begins. Default every day.
 * 
 * @minItems 1
 * @maxItems 7
 */
days?: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[]
/**
 * Its start: a time of the day for one that comes again and again, else a day or a day with a time.
 */
from: string
/**
 * Its end, exclusive, written as its start; a day counts whole. A time not later than the start is on the next day.
 */
until: string
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
/**
 * While a job goes on failing, its first failure is told and then every so many. Default 10.
 */
everyNth?: number
/**
 * Collect alerts for that long and send them as one mail. Default: each at once.
 */
digest?: string
}
/**
 * The test addresses that `jobsd preview --to` may send to. Default none.
 * 
 * @maxItems 20
 * 
 * Items: One plain e-mail address.
 */
previewRecipients?: string[]
/**
 * How many runs at the same time. Default 8.
 */
maxRuns?: number
/**
 * How many jobs may go at once; if more are gone from the source, all of them run on and the operators are told. Default 10.
 */
maxRemovals?: number
/**
 * What a commit must be, so that it runs. A commit is held to what was in force before it, never to its own settings.
 */
git?: {
/**
 * Whether the commit that runs must be signed, and how. Default none.
 */
verify?: ("none" | "ssh" | "gpg")
/**
 * Who may sign the commit that runs.
 * 
 * @maxItems 100
 */
signers?: {
/**
 * Who it is; shown by `status` and with the provenance of a delivery.
 */
name: string
/**
 * The public key: for `ssh` the line of an `.pub` file, for `gpg` an armored public key.
 */
key: string
}[]
/**
 * Who may sign changes of jobs.d/platform; they may sign anything else as well. Default: any signer.
 * 
 * @maxItems 100
 */
platformSigners?: {
/**
 * Who it is; shown by `status` and with the provenance of a delivery.
 */
name: string
/**
 * The public key: for `ssh` the line of an `.pub` file, for `gpg` an armored public key.
 */
key: string
}[]
/**
 * Refuse a branch that was rewritten. Default false: it is followed and the operators are told.
 */
requireFastForward?: boolean
}
/**
 * Keeps one client or one server from taking all runs.
 */
limits?: {
/**
 * How many runs of one client at once. Default: no own limit.
 */
runsPerClient?: number
/**
 * How many runs at once whose current step uses one connection. Default: no own limit.
 */
runsPerConnection?: number
}
/**
 * What is deleted when. Nothing that has not ended is.
 */
retention?: {
/**
 * How long an ended run is kept, with its steps, deliveries, slot and alerts. Default 400d.
 */
runs?: string
/**
 * How long the bytes of an ended run are kept, so that they can be sent again. Default 90d.
 */
artifacts?: string
/**
 * How long a received event is kept, so that a repeat is recognised. Default 400d, at least 30d.
 */
events?: string
}
/**
 * The customers' pages. Default: the engine writes none.
 */
catalog?: {
/**
 * Where the customers' pages are kept up to date as static files.
 */
publish: {
/**
 * An absolute path on the engine's machine; each client gets a folder in it.
 */
folder: string
}
}
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
 * The report's name for people.
 */
title: string
/**
 * What is in it, for people.
 */
description?: string
/**
 * The category.
 */
category: ("inbound" | "call" | "campaign" | "agent" | "billing")
/**
 * What the query uses by name ($region) besides the period, the campaign, the client and the slot. Each job with the report gives its runs parameters of these names and types.
 * 
 * @minItems 1
 * @maxItems 20
 */
parameters?: ReportParameter[]
mail?: ReportMail
/**
 * The columns, in order, named as in the query.
 * 
 * @minItems 1
 * @maxItems 200
 */
columns: Column[]
}
export interface ReportParameter {
/**
 * The parameter's name.
 */
name: string
/**
 * What it holds.
 */
type: ("text" | "integer" | "number" | "boolean" | "date" | "instant")
}
/**
 * What a mail shows of the report besides its file.
 */
export interface ReportMail {
/**
 * The figures at the top, each compared with the period before.
 * 
 * @minItems 1
 * @maxItems 6
 */
summary?: ReportFigure[]
/**
 * The columns of the first rows that it shows: few, so that they fit a phone. Default: the first four.
 * 
 * @minItems 1
 * @maxItems 5
 */
columns?: string[]
chart?: ReportChart
}
export interface ReportFigure {
/**
 * A numeric column of the Total row. Without one the figure is the number of rows.
 */
column?: string
/**
 * What it is called.
 */
label: string
/**
 * Seconds, written as 34:17:36.
 */
as?: "duration"
}
/**
 * A small chart of what chart.sql gives: one SELECT from `result`, the rows of query.sql.
 */
export interface ReportChart {
/**
 * What it shows.
 */
title: string
/**
 * How it is drawn.
 */
kind: ("bar" | "line")
/**
 * The columns of chart.sql: first what runs along the axis, then up to three numbers. The first 60 rows are drawn.
 * 
 * @minItems 2
 * @maxItems 4
 */
columns: Column[]
}
/**
 * A column.
 */
export interface Column {
/**
 * The name in the query: lower-case letters, digits and underscores, a letter first.
 */
name: string
/**
 * The heading.
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
/**
 * The tests of one job, beside it as <job>.test.yaml. `jobsd test` runs them; nothing leaves the machine.
 */
export interface JobTest {
/**
 * The version of the manifest language.
 */
apiVersion: "jobsd/v1"
/**
 * This document is a JobTest.
 */
kind: "JobTest"
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * The tests, each one run of the job.
 * 
 * @minItems 1
 * @maxItems 100
 */
tests: JobTestCase[]
}
export interface JobTestCase {
/**
 * What is tested, a sentence; distinct within the file.
 */
name: string
given?: TestGiven
expect: TestExpect
}
/**
 * What starts the run and what it finds. Without a slot it is the first due moment of 2026.
 */
export interface TestGiven {
/**
 * The due moment, as 2026-11-20T18:30 on the client's clock, or with Z or an offset such as -06:00.
 */
slot?: string
/**
 * Lower-case letters, digits and single dashes.
 */
callCenter?: string
event?: TestEvent
parameters?: TestParameters
file?: TestFile
/**
 * A folder of fixture tables, relative to this file: calls.csv, campaigns.json and so on. The reports' real queries run on it.
 */
dataset?: string
/**
 * What some of the steps come to, by step name, instead of really running them.
 */
steps?: {
[k: string]: GivenStep
}
}
/**
 * The event that starts a campaign job. Default: campaign.ended of a campaign named sample.
 */
export interface TestEvent {
/**
 * The event's type.
 */
type: string
/**
 * The event's fields: texts, numbers, true or false, or mappings of these.
 */
data?: {
[k: string]: string | number | boolean | {
[k: string]: string | number | boolean
}
}
}
/**
 * What the run is given by name, as by hand; of an event they come with its data. Default: a value that fits each.
 */
export interface TestParameters {
[k: string]: string | number | boolean
}
/**
 * The file that was posted to the job's drop folder. Default: a small file whose name fits.
 */
export interface TestFile {
/**
 * Its name, without a folder.
 */
name: string
/**
 * Which of the job's drop folders it lies in. Default: the first one that takes its name.
 */
folder?: string
/**
 * What is in it, as UTF-8 text.
 */
content?: string
/**
 * Its size in bytes, where the content does not matter.
 */
size?: number
}
export interface GivenRows {
/**
 * The report has that many made-up rows. Default 1 where the test has no dataset.
 */
rows: number
}
export interface GivenOk {
/**
 * false: the step takes onFailure without an error. true: a condition holds.
 */
ok: boolean
}
export interface GivenFailure {
/**
 * Every attempt of the step ends with this error; docs/errors.md lists the codes.
 */
fails: string
}
export interface GivenFiles {
/**
 * What lies there: of a cloud-fetch by what follows its prefix, of a wait-for-file by the name in its folder; with an empty list nothing does, and the wait is over at once. Default: as much with names that match as the step needs.
 * 
 * @maxItems 100
 */
files: string[]
}
/**
 * What must come of it. What is left out is not compared, except for deliveries that were not expected.
 */
export interface TestExpect {
/**
 * The steps that ran, in their order.
 * 
 * @maxItems 100
 * 
 * Items: Lower-case letters, digits and single dashes.
 */
path?: string[]
/**
 * How the run ended; skipped also where the calendar skips the slot or nothing takes the event or file.
 */
outcome?: ("succeeded" | "failed" | "skipped")
/**
 * Whether the operators are told of a failure.
 */
alert?: boolean
/**
 * What is delivered, in any order; only the keys that are written are compared.
 * 
 * @maxItems 100
 */
deliveries?: ExpectedDelivery[]
/**
 * Whether deliveries must list all of them. Default true where deliveries is written.
 */
noOtherDeliveries?: boolean
/**
 * The files that are moved, in their order.
 * 
 * @maxItems 20
 */
moves?: ExpectedMove[]
/**
 * The paths or keys of what is deleted for good, in their order.
 * 
 * @maxItems 50
 */
deletions?: string[]
/**
 * What steps of type notify tell, all of it in its order; only the keys that are written are compared.
 * 
 * @maxItems 20
 */
notices?: ExpectedNotice[]
}
/**
 * One file to one place, or one mail.
 */
export interface ExpectedDelivery {
/**
 * Lower-case letters, digits and single dashes.
 */
step: string
/**
 * Lower-case letters, digits and single dashes.
 */
connection?: string
/**
 * A file's whole path at the target; of a request its method and path, as in `POST /campaigns/C-1001`.
 */
path?: string
/**
 * An object's whole key in the bucket.
 */
key?: string
/**
 * A file's name; for a mail that of its only attachment.
 */
fileName?: string
/**
 * The rows of the report; of a mail, of all its attachments.
 */
rows?: number
/**
 * A mail's recipients.
 * 
 * @maxItems 50
 * 
 * Items: One plain e-mail address.
 */
to?: string[]
/**
 * Those who receive a copy.
 * 
 * @maxItems 50
 * 
 * Items: One plain e-mail address.
 */
cc?: string[]
/**
 * Those who receive a hidden copy.
 * 
 * @maxItems 50
 * 
 * Items: One plain e-mail address.
 */
bcc?: string[]
/**
 * A mail's subject as it is sent.
 */
subject?: string
/**
 * The names of a mail's attachments.
 * 
 * @maxItems 50
 */
attachments?: string[]
}
export interface ExpectedMove {
/**
 * Where the file lay.
 */
from: string
/**
 * Where it lies then.
 */
to: string
}
/**
 * One notice.
 */
export interface ExpectedNotice {
/**
 * Lower-case letters, digits and single dashes.
 */
step: string
/**
 * Who is told, as the step says it.
 */
to?: ("operators" | "client" | "job")
/**
 * The addresses of the client's and job's alerts that are told beside the operators.
 * 
 * @maxItems 50
 * 
 * Items: One plain e-mail address.
 */
recipients?: string[]
/**
 * How it is shown.
 */
level?: ("info" | "warning")
/**
 * What is told, its tokens filled in.
 */
message?: string
}
/**
 * A step type of your own: what jobs may give it. Its code is named by a start flag of the engine, never here.
 */
export interface StepType {
/**
 * The version of the manifest language.
 */
apiVersion: "jobsd/v1"
/**
 * This document is a StepType.
 */
kind: "StepType"
/**
 * Lower-case letters, digits and single dashes.
 */
name: string
/**
 * What customers read in their catalog.
 */
title: string
/**
 * What a job may give it under `with`. Default nothing.
 * 
 * @minItems 1
 * @maxItems 20
 */
inputs?: Parameter[]
/**
 * It needs a connection of one of these types. Default: it takes none.
 * 
 * @minItems 1
 * @maxItems 10
 */
connectionTypes?: ("sftp" | "folder" | "s3" | "smtp")[]
/**
 * A job must say in `from` which files it works on. Default false: it takes none.
 */
takesFiles?: boolean
}
