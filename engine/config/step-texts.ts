/** The texts of a step that may have tokens. */
import type { Job } from '../core/manifest.ts'
import { textsOfJson } from '../core/request-target.ts'

/** With the pointer of each within the step, `/fileName`. */
export function textsOfStep(step: Job['steps'][number]): { pointer: string; text: string }[] {
  const named = step as unknown as Record<string, unknown>
  const plain = ['fileName', 'path', 'prefix', ...(ownFields[step.type] ?? [])]
  return plain.flatMap((field) => textsOfJson(named[field], `/${field}`))
}

const ownFields: Partial<Record<Job['steps'][number]['type'], string[]>> = {
  'cloud-copy': ['tags'],
  'cloud-fetch': ['match'],
  'delete-old-files': ['match'],
  'http-request': ['query', 'json', 'saveAs'],
  notify: ['message'],
  'wait-for-file': ['match'],
}
