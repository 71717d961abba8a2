import type { StepOf } from './model.ts'

/** What an ftp-out-copy step puts beside each file. */
export type Companion = NonNullable<StepOf<'ftp-out-copy'>['companion']>

const suffixes: Record<Companion['kind'], string> = {
  checksum: '.sha256',
  trigger: '.done',
  manifest: '.manifest',
}

/** What a companion's name has after its file's. */
export function suffixOf({ kind, suffix = suffixes[kind] }: Companion): string {
  return suffix
}
