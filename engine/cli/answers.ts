/** What a scaffold must know: from its options, or asked where a person sits at a terminal. */
import { InvalidArgumentError, Option } from 'commander'
import { formats } from '../config/formats.ts'
import { JobsdError } from '../core/errors.ts'
import { suggestWord } from '../core/suggest.ts'
import type { CliParts } from './parts.ts'

/** Says what is wrong with an answer, as a whole clause; null where it is fine. */
export type Check = (answer: string) => string | null

export interface Question {
  /** As on the command line, `--timezone`; `NAME` for an argument. */
  option: string
  /** Asked as it stands, `The client's time zone`. */
  ask: string
  /** An example of an answer. */
  example: string
  check: Check
  given: string | undefined
}

/** A question; `given` is the answer that its option has already. */
export function question(
  option: string,
  ask: string,
  example: string,
  check: Check,
  given: string | undefined,
): Question {
  return { option, ask, example, check, given }
}

/** What may be given and is then checked, but is never asked; nothing where it was not given. */
export function optional(
  key: string,
  option: string,
  check: Check,
  given: string | undefined,
): Record<string, Question> {
  return given === undefined ? {} : { [key]: question(option, '', '', check, given) }
}

/**
 * The answers to the questions, by the questions' keys. What was not given is asked, again and again until it is
 * fine. Throws BAD_REQUEST that names all that is missing where nobody can be asked, and for a given value that is wrong.
 */
export async function answerAll<Q extends { [key: string]: Question }>(
  questions: Q,
  ask: CliParts['ask'],
): Promise<{ [K in keyof Q]: string }> {
  const all = Object.entries(questions)
  for (const [, { option, given, check }] of all) {
    const fault = given === undefined ? null : check(given)
    if (fault !== null) throw new JobsdError('BAD_REQUEST', { reason: `${option}: ${fault}` })
  }
  const missing = all.filter(([, { given }]) => given === undefined)
  if (missing.length > 0 && ask === undefined) {
    const options = missing.map(([, { option, example }]) => `${option} (such as ${example})`)
    throw new JobsdError('BAD_REQUEST', { reason: `missing: ${options.join(', ')}` })
  }
  const answers: Record<string, string> = {}
  for (const [key, question] of all) {
    answers[key] = question.given ?? (await askUntilFine(question, ask as NonNullable<CliParts['ask']>))
  }
  return answers as { [K in keyof Q]: string }
}

async function askUntilFine(question: Question, ask: NonNullable<CliParts['ask']>): Promise<string> {
  for (let fault: string | null = null; ; ) {
    const told = fault === null ? '' : `${fault}\n`
    const answer = (await ask(`${told}${question.ask} (such as ${question.example}): `)).trim()
    fault = question.check(answer)
    if (fault === null) return answer
  }
}

export const checkName: Check = (text) => checkPlainName(text)

/** A name; a text for people was meant as the title, which is said unless there is one. */
export const checkNameBeside =
  (title: string | undefined): Check =>
  (text) => {
    const name = nameOf(text)
    return checkPlainName(
      text,
      title === undefined && name !== '' ? `, with --title ${JSON.stringify(text)}` : '',
    )
  }

function checkPlainName(text: string, beside = ''): string | null {
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(text) && text.length <= 63) return null
  const name = nameOf(text)
  const example = name === '' || name === text ? '' : `, such as ${name}${beside}`
  return `${JSON.stringify(text)} is no name; use lower-case letters, digits and single dashes, at most 63${example}`
}

/** `Delta Insurance` as `delta-insurance`. */
function nameOf(text: string): string {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? []
  return words.join('-').slice(0, 63).replace(/-$/, '')
}

export const checkTitle: Check = (text) =>
  text.length >= 1 && [...text].length <= 120 && !/\p{Cc}/u.test(text)
    ? null
    : `${JSON.stringify(text)} is no title; write one line of 1 to 120 characters`

/** A check by one of the formats that the schemas name. */
export function checkFormat(name: string): Check {
  return (text) => {
    const fault = formats[name]?.(text) ?? null
    return fault === null ? null : /^"/.test(fault) ? fault : `${JSON.stringify(text)} ${fault}`
  }
}

/** Each part of a comma-separated list must be fine. */
export function checkList(check: Check): Check {
  return (text) => {
    const parts = splitList(text)
    if (parts.length === 0) return 'the list is empty'
    return parts.map(check).find((fault) => fault !== null) ?? null
  }
}

/** One of a few words. */
export function checkChoice(choices: readonly string[], what: string): Check {
  const allowed = choices.length === 0 ? '; there is none' : `; there are ${choices.join(', ')}`
  return (text) =>
    choices.includes(text)
      ? null
      : `${JSON.stringify(text)} is no ${what}${suggestWord(text, choices) || allowed}`
}

/** `a, b` or a repeated option as its parts. */
export function splitList(text: string): string[] {
  return text.split(',').flatMap((part) => part.trim() || [])
}

/** An option whose words a shell completes; its value is checked with the other answers. */
export function suggesting(words: readonly string[], flags: string, description: string): Option {
  const option = new Option(flags, description)
  option.argChoices = [...words]
  return option
}

/** Reads an option that is a time of day. */
export function toTimeOfDay(text: string): string {
  if (/^([01][0-9]|2[0-3]):[0-5][0-9]$/.test(text)) return text
  throw new InvalidArgumentError('It is no time of day, 00:00 to 23:59.')
}
