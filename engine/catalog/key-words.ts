/** What steps do with keys, as customers see it. */
import type { Snapshot, StepOf } from '../core/model.ts'
import { joinWords } from './plain-words.ts'
import { nameConnection } from './redact.ts'
import type { Detail } from './step-view.ts'

type KeyStep = StepOf<'encrypt' | 'decrypt' | 'sign'>

/** Whose keys take part, how the result is written and what it is called. */
export function describeKeyUse(step: KeyStep, snapshot: Snapshot): Detail[] {
  const fact = (label: string, value: string): Detail => ({ label, value, code: false })
  const name = (connection: string) => nameConnection(snapshot.connections, connection)
  const named: Detail[] =
    step.fileName === undefined ? [] : [{ label: 'New name', value: step.fileName, code: true }]
  switch (step.type) {
    case 'encrypt':
      return [
        fact('Can be opened with', joinWords(step.recipients.map(name), 'or')),
        ...(step.signWith === undefined ? [] : [fact('Signed with', name(step.signWith))]),
        fact('Written as', writtenAs(step.armor)),
        ...named,
      ]
    case 'decrypt':
      return [
        fact('Opened with', name(step.key)),
        fact(
          'Must be signed with',
          step.verifyWith === undefined ? 'Nothing' : joinWords(step.verifyWith.map(name), 'or'),
        ),
        fact('Largest result', step.maxSize ?? '1GiB'),
        ...named,
      ]
    case 'sign':
      return [fact('Signed with', name(step.key)), fact('Written as', writtenAs(step.armor)), ...named]
  }
}

function writtenAs(armor = false): string {
  return armor ? 'OpenPGP, as text' : 'OpenPGP'
}
