/** The folder that a preview is written to: what would be sent, where it would lie. */
import { copyFile, lstat, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readCsv } from '../config/csv-text.ts'
import type { MailMessage } from '../core/contracts/endpoints.ts'
import { JobsdError } from '../core/errors.ts'
import type { Capture, SentFile, SentMail } from '../runtime/rehearsal/recorder.ts'

/** A delivery with the files that show it, relative to the folder; `head` is the beginning of a text, `table` of a CSV file. */
export type Shown =
  | { sent: SentFile; file: string; head: string | null; table: string[][] | null }
  | { sent: SentMail; eml: string; html: string; text: string }

/** Tells a page of ours from somebody else's. */
export const previewMark = '<meta name="generator" content="jobsd preview">'

// A mail's template is somebody's text: opened in a browser it runs nothing and loads nothing.
const sealed =
  "<!doctype html><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'\">\n"
const headBytes = 2000
const tableBytes = 64 * 1024
/** With the headings. */
const tableRecords = 21

/** Makes the folder, or empties that of an earlier preview. Throws BAD_REQUEST for one that holds anything else. */
export async function preparePreviewFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    throw new JobsdError('BAD_REQUEST', { reason: `cannot make ${folder}: ${error.message}` })
  })
  const names = await readdir(folder)
  if (names.length === 0) return
  const index = join(folder, 'index.html')
  const isOurs = (await isPlainFile(index)) && (await readFile(index, 'utf8')).includes(previewMark)
  if (!isOurs) {
    throw new JobsdError('BAD_REQUEST', {
      reason: `${folder} holds something else than a preview; name a new folder with --out`,
    })
  }
  for (const name of ['index.html', 'mail', 'sftp', 'folder', 's3', 'http']) {
    await rm(join(folder, name), { recursive: true, force: true })
  }
}

/** Writes one delivery, `about` being what its mails are named after. */
export async function writeCapture(folder: string, capture: Capture, about: string): Promise<Shown> {
  if ('localPath' in capture) {
    const { sent, localPath } = capture
    // What a request is sent to says nothing of a file's name.
    const place = sent.type === 'http' ? [`${about}-${sent.fileName}`] : sent.place.split('/')
    const parts = [sent.type, sent.connection, ...place].filter(Boolean)
    const file = parts.map((part) => (/^\.+$/.test(part) ? '_' : part)).join('/')
    const path = join(folder, file)
    await mkdir(dirname(path), { recursive: true })
    await copyFile(localPath, path)
    const table = /\.csv$/i.test(path) ? await readTable(path) : null
    return { sent, file, head: table === null ? await readHead(path) : null, table }
  }
  const { sent, mime, message } = capture
  const name = `mail/${about}`
  await mkdir(join(folder, 'mail'), { recursive: true })
  await writeFile(join(folder, `${name}.eml`), mime)
  await writeFile(join(folder, `${name}.html`), sealed + showImages(message))
  await writeFile(join(folder, `${name}.txt`), message.text)
  return { sent, eml: `${name}.eml`, html: `${name}.html`, text: `${name}.txt` }
}

/** A browser knows no `cid:`: the images stand in the page itself. */
function showImages({ html, images = [] }: MailMessage): string {
  const shown = (page: string, { id, mediaType, content }: (typeof images)[number]) =>
    page.replaceAll(`cid:${id}`, `data:${mediaType};base64,${Buffer.from(content).toString('base64')}`)
  return images.reduce(shown, html)
}

/** The first lines of a text; null for other files. */
async function readHead(path: string): Promise<string | null> {
  if (!/\.(csv|txt|json|html)$/i.test(path)) return null
  return (await readStart(path, headBytes)).text.split('\n').slice(0, 6).join('\n')
}

/** The headings and first rows of a CSV file; null where it has none. */
async function readTable(path: string): Promise<string[][] | null> {
  const { text, isCut } = await readStart(path, tableBytes)
  const records = readCsv(text).map(({ cells }) => cells)
  // The last one may be half a row.
  const whole = isCut ? records.slice(0, -1) : records
  return whole.length === 0 ? null : whole.slice(0, tableRecords)
}

async function readStart(path: string, maxBytes: number): Promise<{ text: string; isCut: boolean }> {
  const handle = await open(path)
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(maxBytes), 0, maxBytes, 0)
    return { text: buffer.toString('utf8', 0, bytesRead), isCut: bytesRead === maxBytes }
  } finally {
    await handle.close()
  }
}

async function isPlainFile(path: string): Promise<boolean> {
  return await lstat(path).then(
    (status) => status.isFile(),
    () => false,
  )
}
