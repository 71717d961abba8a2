/** What commands say of connections that are not there, and of their secrets. */
import type { Config } from '../config/config.ts'
import type { Connection } from '../core/manifest.ts'
import { suggestWord } from '../core/suggest.ts'

/** `there is no connection "x"; ...`, with those of the types that there are and how to make it. */
export function unknownConnection(
  config: Config,
  name: string,
  types: readonly Connection['type'][],
): string {
  const all = [...config.connections]
  const fitting = all.filter(([, { value }]) => types.includes(value.type)).map(([each]) => each)
  const known = fitting.length === 0 ? '; there is none that fits' : `; there are ${fitting.join(', ')}`
  const hint = suggestWord(name, fitting)
  const [type, ...others] = types
  const make = `jobsd new connection ${name} --type ${others.length === 0 ? type : guessType(name, types)}`
  return `there is no connection ${JSON.stringify(name)}${hint || `${known}; make it first: ${make}`}`
}

/** The type that the name ends with, else the first. */
function guessType(name: string, types: readonly Connection['type'][]): string {
  return types.find((type) => name.endsWith(`-${type}`)) ?? types[0] ?? 'sftp'
}

/** Who puts secrets where the engine finds them, and what they are called. */
export function nameSecrets(names: string[]): string {
  const what = names.map((name) => JSON.stringify(name)).join(' and ')
  return `ask the operators to store the secret${names.length > 1 ? 's' : ''} ${what}`
}
