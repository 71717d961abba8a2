/** The page that asks for a token. It says nothing of whose pages are behind it, or whether there are any. */
import { readFileSync } from 'node:fs'
import { compilePage } from '../reports/template.ts'
import { signInWords as words } from './operators-words.ts'
import { readStyles } from './pages.ts'

export interface SignIn {
  /** Where the token is posted to, the styles are, both relative to the page. */
  action: string
  styles: string
  /** The page that was asked for, given back with the token. */
  to: string
  /** The link that led here was on another site: the cookie comes along once the page asks for itself. */
  comesFromElsewhere?: boolean
  /** `refused`: the token opens nothing here; `limited`: there were too many. */
  problem?: 'refused' | 'limited'
}

let render: ((data: object) => string) | undefined

export function renderSignIn({ problem, comesFromElsewhere = false, ...page }: SignIn): string {
  render ??= compilePage(readFileSync(new URL('sign-in.hbs', folder), 'utf8'))
  return render({
    ...page,
    comesFromElsewhere,
    problem: problem === undefined ? '' : words.problems[problem],
    words,
  })
}

let styles: string | undefined

/** The styles of that page, and of the operators' one. */
export function operatorStyles(): string {
  styles ??= [
    ...readStyles(),
    ...['sign-in', 'overview'].map((name) => readFileSync(new URL(`${name}.css`, folder), 'utf8')),
  ].join('\n')
  return styles
}

const folder = new URL('../../templates/operators/', import.meta.url)
