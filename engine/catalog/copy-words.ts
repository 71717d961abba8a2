import type { Companion } from '../core/companion-suffix.ts'
import { suffixOf } from '../core/companion-suffix.ts'
import type { StepOf } from '../core/model.ts'

/** What becomes of a file whose name is taken. */
export const existing = {
  fail: 'The step fails, nothing is replaced',
  replace: 'The file there is replaced',
  'skip-if-same': 'The same content is left as it is, other content is not replaced',
  rename: 'The new file gets a number: -2, -3 and so on',
} as const

const companions: Record<Companion['kind'], string> = {
  checksum: 'Its checksum (SHA-256)',
  trigger: 'An empty file that tells it is complete',
  manifest: 'Its name, size, checksum and number of rows',
}

/** Further settings of a copy, those that are set. */
export function copySettings({
  verify,
  permissions,
  companion,
}: StepOf<'ftp-out-copy'>): { label: string; value: string }[] {
  const beside = companion && `${companions[companion.kind]}, named like the file with ${suffixOf(companion)}`
  return [
    { label: 'Read back and compared', value: verify === 'sha256' ? 'Every byte' : '' },
    { label: 'Permissions', value: permissions ?? '' },
    { label: 'Beside each file, when all are there', value: beside ?? '' },
  ].filter(({ value }) => value !== '')
}
