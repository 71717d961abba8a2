/** A preview in words: in the terminal, as JSON, and as its index page. */
import type { Instant, JobId } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import type { Notice, SentFile, SentMail } from '../runtime/rehearsal/recorder.ts'
import type { Rehearsed } from '../runtime/rehearsal.ts'
import { toOneLine } from './one-line.ts'
import { previewMark, type Shown } from './preview-folder.ts'

export interface Preview {
  job: JobId
  title: string
  slot: Instant
  /** The slot on the client's clock. */
  local: string
  /** Where the reports' rows come from. */
  data: string
  folder: string
  runs: (Rehearsed & { shown: Shown[] })[]
  /** The test address that mails went to. */
  sentTo: string | null
}

/** The JSON shape of `jobsd preview` (stable: fields may be added, never renamed). */
export function toPreviewJson({ job, slot, data, folder, runs, sentTo }: Preview) {
  return {
    job,
    slot,
    data,
    out: folder,
    sentTo,
    runs: runs.map(({ callCenter, row, outcome, note, path, alert, moves, deletions, notices, shown }) => ({
      callCenter,
      ...(row !== undefined && { row }),
      outcome,
      note,
      path,
      alert,
      deliveries: shown.map(({ sent, ...files }) => ({
        ...sent,
        ...('file' in files ? { file: files.file } : files),
      })),
      moves,
      deletions,
      notices,
    })),
  }
}

/** What would go where, a line a delivery. */
export function describePreview(preview: Preview): string {
  const { job, local, data, folder, runs, sentTo } = preview
  const nothing = sentTo === null ? 'nothing was sent' : `the mails were sent to ${sentTo} alone`
  return [
    `${job}, due ${local}`,
    `data: ${data}`,
    ...runs.flatMap((run) => [
      '',
      `${describePart(run) === '' ? '' : `${describePart(run)}: `}${describeWay(run)}`,
      ...run.shown.map((shown) => `  ${describeShown(shown)}`),
      ...run.moves.map(({ connection, from, to }) => `  move   ${connection}  ${from} -> ${to}`),
      ...run.deletions.map(({ connection, path }) => `  delete ${connection}  ${path}`),
      ...run.notices.map((notice) => `  notice ${describeNotice(notice)}`),
    ]),
    '',
    `${nothing}; open ${folder}/index.html`,
  ]
    .flatMap((text) => text.split('\n'))
    .map(toOneLine)
    .join('\n')
}

/** The call center, the row, or both; empty for the whole client. */
function describePart({ callCenter, row }: Rehearsed): string {
  return [callCenter ?? [], row === undefined || row === callCenter ? [] : `row ${row}`].flat().join(', ')
}

function describeWay({ outcome, path, note, alert }: Rehearsed): string {
  const way = path.length === 0 ? outcome : `${outcome} by ${path.join(' > ')}`
  const why = outcome === 'succeeded' || !note ? '' : `: ${note}`
  return `${way}${why}${alert ? '; the operators are told' : ''}`
}

function describeShown({ sent }: Shown): string {
  if (sent.type !== 'smtp')
    return `${sent.type.padEnd(6)} ${sent.connection}  ${sent.place}  ${describeFile(sent)}`
  const copies = [
    ...sent.cc.map((address) => `cc ${address}`),
    ...sent.bcc.map((address) => `bcc ${address}`),
  ]
  const files = sent.attachments.map((file) => `${file.fileName} (${describeFile(file)})`)
  return [
    `mail   ${sent.connection}  to ${[...sent.to, ...copies].join(', ')}: ${sent.subject}`,
    ...files,
  ].join('\n           ')
}

function describeFile({ rows, seal, size }: Pick<SentFile, 'rows' | 'seal' | 'size'>): string {
  const amount = `${rows === null ? '' : `${spellCount(rows, 'row')}, `}${spellCount(size, 'byte')}`
  return seal === undefined ? amount : `${amount}; ${seal}`
}

const people: Record<Notice['to'], string> = {
  operators: 'the operators',
  client: "the operators and the client's alert addresses",
  job: "the operators and the client's and job's alert addresses",
}

function describeNotice({ level, message, recipients, to }: Notice): string {
  const copies = recipients.length === 0 ? '' : ` (${recipients.join(', ')})`
  return `to ${people[to]}${copies}${level === 'warning' ? ', as a warning' : ''}: ${message}`
}

/** The index page: every text escaped, mails in frames that run nothing. */
export function renderPreviewPage(preview: Preview): string {
  const { job, title, local, data, runs } = preview
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${previewMark}
<title>Preview of ${escapeHtml(job)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 90rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
section { border-top: 1px solid #8b949e; margin-top: 2rem }
pre { overflow: auto; padding: .5rem; border: 1px solid #8b949e }
div.table { overflow-x: auto }
table { border-collapse: collapse; font-size: .8rem }
th, td { border: 1px solid #8b949e; padding: .1rem .4rem; text-align: left; vertical-align: top }
iframe { width: 100%; height: 28rem; border: 1px solid #8b949e; background: #fff }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(job)}, due ${escapeHtml(local)}. Data: ${escapeHtml(data)}.</p>
${runs.map(renderRun).join('\n')}
</body>
</html>
`
}

function renderRun(run: Preview['runs'][number]): string {
  const moves = run.moves.map(
    ({ connection, from, to }) => `<p>Move on ${escapeHtml(`${connection}: ${from} to ${to}`)}</p>`,
  )
  return [
    '<section>',
    `<h2>${escapeHtml(describePart(run) || 'The whole client')}</h2>`,
    `<p>${escapeHtml(describeWay(run))}</p>`,
    ...run.shown.map(renderShown),
    ...moves,
    ...run.deletions.map(
      ({ connection, path }) => `<p>Deleted for good on ${escapeHtml(`${connection}: ${path}`)}</p>`,
    ),
    ...run.notices.map((notice) => `<p>Notice ${escapeHtml(describeNotice(notice))}</p>`),
    '</section>',
  ].join('\n')
}

function renderShown(shown: Shown): string {
  if ('file' in shown) {
    const { sent, file, head, table } = shown
    return [
      `<h3>${escapeHtml(`${sent.step}: ${sent.connection} ${sent.place}`)}</h3>`,
      `<p><a href="${linkTo(file)}">${escapeHtml(sent.fileName)}</a>, ${escapeHtml(describeFile(sent))}</p>`,
      ...(head === null ? [] : [`<pre>${escapeHtml(head)}</pre>`]),
      ...(table === null ? [] : renderTable(table, sent.rows)),
    ].join('\n')
  }
  const { sent, eml, html, text } = shown
  const people = [
    `To ${sent.to.join(', ')}`,
    ...sent.cc.map((each) => `cc ${each}`),
    ...sent.bcc.map((each) => `bcc ${each}`),
  ]
  return [
    `<h3>${escapeHtml(`${sent.step}: ${sent.subject}`)}</h3>`,
    `<p>${escapeHtml(people.join(', '))}. Attached: ${escapeHtml(sent.attachments.map(describeAttached).join(', ') || 'nothing')}.`,
    `As <a href="${linkTo(html)}">HTML</a>, <a href="${linkTo(text)}">text</a>, <a href="${linkTo(eml)}">e-mail file</a>.</p>`,
    `<iframe sandbox title="The mail" src="${linkTo(html)}"></iframe>`,
  ].join('\n')
}

function describeAttached({ fileName, seal }: SentMail['attachments'][number]): string {
  return seal === undefined ? fileName : `${fileName} (${seal})`
}

function renderTable([headings = [], ...rows]: string[][], rowCount: number | null): string[] {
  const cellsOf = (cells: string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
  const isCut = rowCount !== null && rowCount > rows.length
  return [
    '<div class="table"><table>',
    cellsOf(headings, 'th'),
    ...rows.map((row) => cellsOf(row, 'td')),
    '</table></div>',
    ...(isCut ? [`<p>The first ${rows.length} of ${spellCount(rowCount, 'row')}.</p>`] : []),
  ]
}

function linkTo(file: string): string {
  return escapeHtml(file.split('/').map(encodeURIComponent).join('/'))
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
