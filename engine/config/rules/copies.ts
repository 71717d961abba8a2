/** The rule about what copies put beside their files. */
import { placeOf } from '../places.ts'
import { jobRule, type Rule } from './rule.ts'

const companionOfRenamed = jobRule('companion-name', (document, report) => {
  for (const [index, step] of document.value.steps.entries()) {
    if (step.type !== 'ftp-out-copy' || !step.companion || step.overwrite !== 'rename') continue
    const message =
      'a companion is named after its file, whose name is not known with overwrite "rename"; allowed is "fail", "replace" or "skip-if-same"'
    report(placeOf(document, `/steps/${index}/overwrite`), message)
  }
})

export const copyRules: Rule[] = [companionOfRenamed]
