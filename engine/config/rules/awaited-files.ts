/** The rule about how many files a step waits for, and how often it looks. */
import { parseDuration } from '../../core/duration.ts'
import { placeOf } from '../places.ts'
import { jobRule, type Rule } from './rule.ts'

const defaultMaxFiles = 100

const awaitedFiles = jobRule('awaited-files', (document, report) => {
  for (const [index, step] of document.value.steps.entries()) {
    if (step.type !== 'wait-for-file') continue
    const { minCount = 1, maxFiles = defaultMaxFiles, every, timeout } = step
    if (minCount > maxFiles) {
      const at = step.minCount === undefined ? 'maxFiles' : 'minCount'
      const most = `maxFiles is ${maxFiles}${step.maxFiles === undefined ? ' where it is not said' : ''}`
      const message = `never ends well: ${minCount} files must be there, and with more than ${maxFiles} the step fails (${most})`
      report(placeOf(document, `/steps/${index}/${at}`), message)
    }
    if (every === undefined || parseDuration(every) < parseDuration(timeout)) continue
    const message = `looks only when the step begins and when its time is over: every ${every} is not within the timeout of ${timeout}`
    report(placeOf(document, `/steps/${index}/every`), message, 'warning')
  }
})

export const awaitedFileRules: Rule[] = [awaitedFiles]
