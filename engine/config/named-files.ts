/** The files that a step offers, as far as the manifest tells their names. Pure. */

import { madeName, severalName } from '../core/made-names.ts'
import type { Job } from '../core/manifest.ts'
import { splitFileName } from '../core/paths.ts'
import { fileExtension } from '../core/report-file.ts'
import { readTemplate } from '../core/template.ts'
import { sourcesOf } from './uses.ts'

export interface NamedFile {
  /** The step whose `fileName` names it. */
  source: string
  sourceIndex: number
  /** Whether its name differs by call center. */
  hasCallCenter: boolean
  /** With the tokens whose value the manifest tells filled in; the others stand. */
  nameFor(callCenter: string): string
}

/** One for each file of a report, also where steps between made another of it; none for what was posted. */
export function namedFilesOf(job: Job, source: string, passed: readonly string[] = []): NamedFile[] {
  const sourceIndex = job.steps.findIndex(({ name }) => name === source)
  const step = job.steps[sourceIndex]
  // Steps may still go in a circle here.
  if (!step || passed.includes(source)) return []
  if (step.type === 'report') {
    const report = step.report.split('/').at(-1)!
    const known = { client: job.client, job: job.name, ext: fileExtension(step), report }
    const nameFor = (callCenter: string) => fillTokens(step.fileName, { ...known, callCenter })
    return [{ source, sourceIndex, hasCallCenter: step.fileName.includes('callCenter'), nameFor }]
  }
  const own = ownName(step)
  if (own !== undefined) {
    const known = { client: job.client, job: job.name }
    const nameFor = (callCenter: string) => fillTokens(own, { ...known, callCenter })
    return [{ source, sourceIndex, hasCallCenter: own.includes('callCenter'), nameFor }]
  }
  if (madeName(step, '') === undefined) return []
  const template = 'fileName' in step ? step.fileName : undefined
  return sourcesOf(step, sourceIndex)
    .flatMap(({ name }) => namedFilesOf(job, name, [...passed, source]))
    .map((file) => {
      if (template === undefined)
        return { ...file, nameFor: (center) => madeName(step, file.nameFor(center))! }
      const nameFor = (callCenter: string) => {
        const known = {
          client: job.client,
          job: job.name,
          callCenter,
          ...splitFileName(file.nameFor(callCenter)),
        }
        return fillTokens(template, known)
      }
      const hasCallCenter = file.hasCallCenter || template.includes('callCenter')
      return { source, sourceIndex, hasCallCenter, nameFor }
    })
}

/** What a step calls its one file, whatever it is made of. */
function ownName(step: Job['steps'][number]): string | undefined {
  if (step.type === 'checksum-manifest') return step.fileName
  if (step.type === 'http-request') return step.from === undefined ? step.saveAs : undefined
  if (step.type !== 'compress' || step.format !== 'zip') return undefined
  return step.fileName ?? (Array.isArray(step.from) ? severalName : undefined)
}

/** Fills in what is known and writes the rest in one way, so that equal names are equal texts. */
export function fillTokens(template: string, known: Record<string, string>): string {
  if (!template.includes('{')) return template
  let filled = ''
  for (const part of readTemplate(template)) {
    if (part.kind === 'text') filled += part.text
    else if (part.kind === 'brace') filled += template[part.offset]
    else if (Object.hasOwn(known, part.name)) filled += known[part.name]
    else {
      const format = part.format ?? (part.name.startsWith('period.') ? 'yyyyMMdd' : null)
      filled += format === null ? `{${part.name}}` : `{${part.name}:${format}}`
    }
  }
  return filled
}
