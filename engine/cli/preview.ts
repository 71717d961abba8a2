import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { compileJob } from '../config/compile.ts'
import { formatProblem } from '../config/problems.ts'
import { readText } from '../config/templates.ts'
import { JobsdError } from '../core/errors.ts'
import type { Settings, TestGiven } from '../core/manifest.ts'
import type { EventData, JobId, ParameterValue, Snapshot } from '../core/model.ts'
import { enumerateSlots, nextSlot } from '../core/slots.ts'
import { formatLocal } from '../core/zone.ts'
import type { Capture } from '../runtime/rehearsal/recorder.ts'
import { sampleCampaign, slotOf } from '../runtime/rehearsal/start.ts'
import { type Rehearsed, rehearse } from '../runtime/rehearsal.ts'
import { collectField, collectParameter } from './fields.ts'
import type { AddCommand, CliParts } from './parts.ts'
import { choosePreviewData } from './preview-data.ts'
import { preparePreviewFolder, type Shown, writeCapture } from './preview-folder.ts'
import { describePreview, type Preview, renderPreviewPage, toPreviewJson } from './preview-words.ts'
import { readConfig } from './read-config.ts'

interface PreviewOptions {
  out: string
  slot?: string
  callCenter?: string
  event?: EventData
  param?: Record<string, ParameterValue>
  dataSet?: string
  to?: string
  platform?: string
}

/** `jobsd preview JOB --out DIR`: what would be delivered, as files to look at. Exits 1 when the run would fail. */
export const addPreview: AddCommand = (program, parts, done) => {
  program
    .command('preview')
    .summary('render what a job would deliver into a folder; nothing is sent')
    .argument('<job>', 'the job, client/name')
    .argument('[dir]', 'the config repository', '.')
    .requiredOption('--out <dir>', 'where to write it: a new folder, or that of an earlier preview')
    .option(
      '--slot <moment>',
      "the due moment, as 2026-11-20T18:30 on the client's clock, or with an offset or Z",
    )
    .option('--call-center <name>', 'only this call center')
    .option('--event <name=value...>', 'a field of the event, such as campaign.id=C-1001', addField)
    .option('--param <name=value>', 'a parameter of the job; give it again for more', collectParameter)
    .option('--data-set <dir>', 'make the reports of the tables in this folder')
    .option('--to <address>', 'also send the mails to this test address; Settings must list it')
    .option('--platform <dir>', "take the operators' documents from here instead of jobs.d/platform")
    .action(async (job: string, dir: string, options: PreviewOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const config = await readConfig(parts, dir, options.platform)
      const compiled = compileJob(config, job as JobId)
      if ('problem' in compiled) {
        parts.warn(formatProblem(compiled.problem, readText(config, compiled.problem.file)))
        return done(1)
      }
      const { snapshot } = compiled
      refuseCallCenter(snapshot, options.callCenter)
      refuseAddress(config.settings?.value, options.to)
      const signal = parts.interrupted()
      const chosen = await choosePreviewData(
        config,
        snapshot,
        { named: options.dataSet, callCenter: options.callCenter },
        (...asked) => parts.hasRows(...asked, signal),
      )
      const given = completeGiven(chosen.given, options, snapshot, parts.now())
      await preparePreviewFolder(options.out)
      const shown = new Map<Capture['sent'], Shown>()
      const capture = async (captured: Capture): Promise<void> => {
        const about = [String(shown.size + 1), captured.sent.step].join('-')
        shown.set(captured.sent, await writeCapture(options.out, captured, about))
        if (options.to !== undefined && 'message' in captured)
          await sendTest(captured, options.to, parts, signal)
      }
      const request = { snapshot, revision: config.revision, given, data: chosen.data, capture }
      const runs = await rehearse(parts.rehearsal, request, signal)
      const preview = describe(snapshot, given, runs, shown, { data: chosen.words, options })
      await writeFile(join(options.out, 'index.html'), renderPreviewPage(preview))
      parts.print(json ? JSON.stringify(toPreviewJson(preview), null, 2) : describePreview(preview))
      done(runs.some(({ outcome }) => outcome === 'failed') ? 1 : 0)
    })
}

/** What is asked for, over what the test with the data gives, over the job's latest slot. */
function completeGiven(
  { dataset: _, ...fromTest }: TestGiven,
  { slot, callCenter, event, param }: PreviewOptions,
  snapshot: Snapshot,
  now: Date,
): TestGiven {
  const given: TestGiven = {
    slot: latestSlot(snapshot, now),
    ...fromTest,
    ...(slot !== undefined && { slot }),
    ...(callCenter !== undefined && { callCenter }),
    ...(param !== undefined && { parameters: param }),
  }
  if (event === undefined) return given
  const sample = sampleCampaign(slotOf(given, snapshot)).campaign
  const named = event.campaign
  const data = typeof named === 'object' ? { ...event, campaign: { ...sample, ...named } } : event
  return {
    ...given,
    event: { type: 'campaign.ended', data: data as NonNullable<TestGiven['event']>['data'] & object },
  }
}

function addField(text: string, data: EventData = {}): EventData {
  return collectField(text, data)
}

const lookBackMs = 40 * 86_400_000

/** The last due moment of a scheduled job, else its next one; now for any other job. */
function latestSlot({ schedules }: Snapshot, now: Date): string {
  const nowMs = now.getTime()
  const past = schedules.flatMap((schedule) =>
    enumerateSlots(schedule, nowMs - lookBackMs, nowMs).filter(({ outcome }) => outcome !== 'skipped'),
  )
  const next = schedules.flatMap((schedule) => nextSlot(schedule, nowMs) ?? [])
  const atMs = past.length > 0 ? Math.max(...past.map(({ at }) => at)) : (next[0]?.at ?? nowMs)
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`
}

function describe(
  snapshot: Snapshot,
  given: TestGiven,
  runs: Rehearsed[],
  shown: Map<Capture['sent'], Shown>,
  { data, options }: { data: string; options: PreviewOptions },
): Preview {
  const slotMs = slotOf(given, snapshot)
  const { timezone } = snapshot.client
  return {
    job: snapshot.job,
    title: snapshot.manifest.title,
    slot: new Date(slotMs).toISOString(),
    local: `${formatLocal(timezone, slotMs, 'yyyy-MM-dd HH:mm')} ${timezone}`,
    data,
    folder: options.out,
    runs: runs.map((run) => ({ ...run, shown: run.deliveries.flatMap((sent) => shown.get(sent) ?? []) })),
    sentTo: options.to ?? null,
  }
}

function refuseCallCenter({ job, manifest }: Snapshot, callCenter: string | undefined): void {
  if (callCenter === undefined) return
  const { callCenters, scope } = manifest
  if (scope === 'call-center' && callCenters.includes(callCenter)) return
  const allowed = scope === 'client' ? 'its scope is client' : `it has ${callCenters.join(', ')}`
  throw new JobsdError('BAD_REQUEST', { reason: `${job} has no call center ${callCenter}: ${allowed}` })
}

function refuseAddress(settings: Settings | undefined, address: string | undefined): void {
  const allowed = settings?.previewRecipients ?? []
  if (address === undefined || allowed.includes(address)) return
  const listed = allowed.length > 0 ? `allowed: ${allowed.join(', ')}` : 'Settings lists no previewRecipients'
  throw new JobsdError('BAD_REQUEST', { reason: `previews may not be sent to ${address}; ${listed}` })
}

/** The same mail to the test address alone, under an id of its own: a mail server may know the real one. */
async function sendTest(
  { connection, message }: Extract<Capture, { message: unknown }>,
  address: string,
  parts: CliParts,
  signal: AbortSignal,
): Promise<void> {
  const seed = `${message.messageId} ${address} ${parts.now().toISOString()}`
  const id = createHash('sha256').update(seed).digest('hex').slice(0, 32)
  const messageId = `<preview-${id}@${connection.from.slice(connection.from.lastIndexOf('@') + 1)}>`
  const test = { ...message, messageId, date: parts.now(), to: [address], cc: [], bcc: [] }
  await parts.sendMail(connection, test, signal)
}
