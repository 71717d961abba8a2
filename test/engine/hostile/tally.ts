import type { Test } from 'tap'

/** Tells of one try how it got through; null where it did not. */
export type Tried = (what: string, leak: string | null) => void

/** Runs a corpus and holds it to 0 escapes of at least that many tries: one that lost its entries proves nothing. */
export async function tally(
  t: Test,
  least: number,
  run: (tried: Tried) => void | Promise<void>,
): Promise<void> {
  let tries = 0
  const escapes: string[] = []
  await run((what, leak) => {
    tries += 1
    if (leak !== null) escapes.push(`${what}: ${leak}`)
  })
  t.comment(`${tries} tries, ${escapes.length} escapes`)
  t.same(escapes, [])
  t.ok(tries >= least, `${tries} tries, at least ${least}`)
}
