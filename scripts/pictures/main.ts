/**
 * `npm run pictures`: what every standard mail looks like at a phone's and a desk's width, light and dark, into
 * docs/pictures/mail. Ends with 1 where one is wider than its window, and does nothing without Chromium.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseOptions } from '../parse-options.ts'
import { findChromium } from './find-chromium.ts'
import { makeMailBodies } from './mail-bodies.ts'
import { type Look, looks, openStudio } from './studio.ts'

parseOptions(import.meta.filename, {})

const folder = join(import.meta.dirname, '../../docs/pictures/mail')
/** Also kept by themselves; the others are on the sheets. */
const singles = ['inbound-inbound-efficiency', 'call-call-detail', 'alert']

const chromium = findChromium()
if (chromium === undefined) {
  console.log('pictures: skipped, there is no Chromium; name one with CHROMIUM=PATH')
  process.exit(0)
}
const work = await mkdtemp(join(tmpdir(), 'jobsd-pictures-'))
const studio = await openStudio(chromium)
const tooWide: string[] = []
try {
  const bodies = await makeMailBodies(work)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const look of looks) {
    const shots = []
    for (const { name, html } of bodies) {
      const { picture, isTooWide } = await studio.shoot(html, look)
      if (isTooWide) tooWide.push(`${name} at ${look.width} px`)
      shots.push({ name, picture })
      if (singles.includes(name) && isShownAlone(look))
        await writeFile(join(folder, `${name}-${look.width}-${look.scheme}.png`), picture)
    }
    await writeFile(join(folder, `sheet-${look.width}-${look.scheme}.jpg`), await studio.sheet(shots, look))
  }
} finally {
  await studio.close()
  await rm(work, { recursive: true, force: true })
}
for (const words of tooWide) console.error(`pictures: wider than the window: ${words}`)
console.log(`pictures: ${folder}`)
process.exitCode = tooWide.length > 0 ? 1 : 0

/** On a phone light and dark would be the same but for the colors. */
function isShownAlone({ width, scheme }: Look): boolean {
  return (width === 390) === (scheme === 'light')
}
