import { parseDuration } from '../core/duration.ts'
import type { Snapshot, StepOf } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import { nameConnection } from './redact.ts'
import type { Detail } from './step-view.ts'

/** What becomes of files that are too large for a mail; nothing where the mail then fails. */
export function describeTooLarge(
  { onTooLarge = 'fail', linkConnection = '', linkFor = '7d' }: StepOf<'email'>,
  { connections }: Snapshot,
): Detail[] {
  if (onTooLarge === 'fail') return []
  const place = nameConnection(connections, linkConnection)
  const value =
    onTooLarge === 'zip' ? 'One zip of the files' : `Links for ${spellLife(linkFor)}, to files in ${place}`
  return [{ label: 'Too large to attach', value, code: false }]
}

function spellLife(duration: string): string {
  const hours = parseDuration(duration) / 3_600_000
  return hours % 24 === 0 ? spellCount(hours / 24, 'day') : spellCount(Math.floor(hours), 'hour')
}
