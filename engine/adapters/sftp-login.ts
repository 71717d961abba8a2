/** How a connection proves who it is. */
import type { AnyAuthMethod, KeyboardInteractiveCallback, ParsedKey, Prompt } from 'ssh2'

export interface SftpCredentials {
  username: string
  password: string | undefined
  key: ParsedKey | undefined
}

/** ssh2's question for the next way: what the server still takes, null before its first answer. */
export type AskWay = (
  methodsLeft: string[] | null,
  partialSuccess: boolean | null,
  next: (way: AnyAuthMethod | false) => void,
) => void

/**
 * Answers ssh2's question for the next way: first none, which sends no credential and tells what the server takes,
 * then the key, then the password, each at most once; a server may want both. A password goes to a prompt only where
 * it could not go as one: a server that has just refused it would count a second failure.
 */
export function chooseWays({ username, password, key }: SftpCredentials): AskWay {
  const ways: AnyAuthMethod[] = []
  if (key !== undefined) ways.push({ type: 'publickey', username, key: key as never })
  if (password !== undefined) {
    ways.push({ type: 'password', username, password })
    const prompt = (_name: string, _text: string, _language: string, prompts: Prompt[], finish: Finish) =>
      answerPrompts(prompts, password, finish)
    ways.push({ type: 'keyboard-interactive', username, prompt })
  }
  return (methodsLeft, _partialSuccess, next) => {
    if (methodsLeft === null) return next({ type: 'none', username })
    const way = ways.find(({ type }) => methodsLeft.includes(type))
    if (way === undefined) return next(false)
    const isPassword = way.type !== 'publickey'
    const left = ways.filter(({ type }) => (type === 'publickey') === isPassword)
    ways.splice(0, ways.length, ...left)
    next(way)
  }
}

type Finish = KeyboardInteractiveCallback

/** Gives the password to a single hidden prompt and nothing to any other: nobody knows what else is asked for. */
function answerPrompts(prompts: Prompt[], password: string, finish: Finish): void {
  const asksForPassword = prompts.length === 1 && prompts[0]?.echo !== true
  finish(asksForPassword ? [password] : prompts.map(() => ''))
}
