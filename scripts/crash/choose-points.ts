import { shuffle } from './random.ts'

/** A point's name without its path or address: `sftp.rename /a/b sent#1` → `sftp.rename sent`. */
export function kindOf(point: string): string {
  const words = point.replace(/#\d+$/, '').split(' ')
  return words.filter((word) => !/[/@]|^-$/.test(word)).join(' ')
}

/** That many points in random order, as evenly spread over their kinds as they can be. */
export function choosePoints(
  names: readonly string[],
  count: number,
  match: RegExp | undefined,
  random: () => number,
): string[] {
  const fitting = names.filter((name) => match?.test(name) ?? true)
  const queues = new Map<string, string[]>()
  for (const name of shuffle(fitting, random))
    queues.set(kindOf(name), [...(queues.get(kindOf(name)) ?? []), name])
  const chosen: string[] = []
  const kinds = shuffle([...queues.keys()], random)
  while (chosen.length < Math.min(count, fitting.length))
    for (const kind of kinds) {
      const next = queues.get(kind)?.shift()
      if (next !== undefined && chosen.length < count) chosen.push(next)
    }
  return chosen
}
