// Generated from schemas/ by `npm run generate`. Do not edit.

export type Manifest = (Job | Client | ClientPolicy | Connection | Calendar | Settings | Report | JobTest)
/**
 * An endpoint, kept by the operators: jobs only name it.
 */
export type Connection = (SftpConnection | SmtpConnection | S3Connection | FolderConnection | DatasetConnection)
/**
 * What one step comes to: rows, ok or fails.
 */
export type GivenStep = (GivenRows | GivenOk | GivenFailure)

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
password?: Secret3
/**
 * One plain e-mail address.
 */
from: string
/**
 * The sender's name.
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
 * A file's whole path at the target.
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
