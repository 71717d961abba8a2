/** Rules about the texts beside the manifests: mail templates, subjects and queries. */
import { checkTemplate } from '../../reports/template.ts'
import { operatorTemplates } from '../operators.ts'
import { decodeText } from '../parse.ts'
import { placeOf, placeWithin } from '../places.ts'
import { jobRule, type Rule } from './rule.ts'

/** The names that a mail of a run may use. */
const mailNames = [
  ...['job', 'client', 'callCenter', 'run', 'period', 'slot', 'files', 'reports'],
  ...['event', 'campaign', 'parameters', 'steps'],
]
/** The names that the mails to the operators may use. */
const operatorNames: Record<string, string[]> = {
  alert: [
    ...['job', 'client', 'callCenter', 'row', 'run', 'step', 'error', 'next'],
    ...['failures', 'inARow', 'command', 'why'],
  ],
  notice: ['kind', 'color', 'title', 'message', 'facts', 'list', 'next', 'nextParts'],
}

const textFiles: Rule = {
  name: 'template-text',
  check({ files }, report) {
    for (const [path, file] of files) {
      if (!/^(jobs\.d\/[^/]+\/)?templates\/mail\/.*\.hbs$|^templates\/reports\/.*\.sql$/.test(path)) continue
      // A link is told where files are read.
      if (file.kind === 'other') continue
      const decoded = decodeText(path, file)
      if ('problem' in decoded) report(decoded.problem, decoded.problem.message)
      else if (decoded.text.trim() === '') {
        report({ file: path, line: 1, column: 1, endLine: 1, endColumn: 1 }, 'the file is empty')
      }
    }
  },
}

const mailFields: Rule = {
  name: 'template-field',
  check({ files }, report) {
    for (const [path, file] of files) {
      const match = /^(?:jobs\.d\/[^/]+\/)?templates\/mail\/([^/]+)\/(subject|html|text)\.hbs$/.exec(path)
      const decoded = match ? decodeText(path, file) : undefined
      if (!match || !decoded || 'problem' in decoded) continue
      const allowed = operatorNames[match[1]!] ?? mailNames
      for (const { line, column, message } of checkTemplate(decoded.text, allowed, match[2] === 'html')) {
        report({ file: path, line, column, endLine: line, endColumn: column + 1 }, message)
      }
    }
  },
}

const maxSubjects = 1000
const checkedSubjects = new Map<string, ReturnType<typeof checkTemplate>>()

/** Jobs are many, subjects few. */
function checkSubject(subject: string) {
  let faults = checkedSubjects.get(subject)
  if (!faults) {
    faults = checkTemplate(subject, mailNames, false)
    if (checkedSubjects.size >= maxSubjects) checkedSubjects.clear()
    checkedSubjects.set(subject, faults)
  }
  return faults
}

const subjectFields = jobRule('subject-field', (document, report) => {
  document.value.steps.forEach((step, index) => {
    if (step.type !== 'email' || step.subject === undefined) return
    const pointer = `/steps/${index}/subject`
    for (const { offset, message } of checkSubject(step.subject)) {
      const whole = placeOf(document, pointer)
      const place = placeWithin(document, pointer, offset, 1)
      report(place.line === whole.line ? place : whole, message)
    }
  })
})

const reservedTemplate = jobRule('template-reserved', (document, report) => {
  document.value.steps.forEach((step, index) => {
    if (step.type !== 'email' || !operatorTemplates.includes(step.template)) return
    report(
      placeOf(document, `/steps/${index}/template`),
      `the template "${step.template}" is for the mails to the operators; name another one`,
    )
  })
})

export const templateRules: Rule[] = [reservedTemplate, textFiles, mailFields, subjectFields]
