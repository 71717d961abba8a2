/** The rule about what opens the customers' pages: a token is one client's, for one use. */
import { type At, type LoadedDocument, placeOf } from '../places.ts'
import type { Rule } from './rule.ts'

const tokenTwice: Rule = {
  name: 'catalog-token-twice',
  check({ policies }, report) {
    const seen = new Map<string, At>()
    const look = (document: LoadedDocument<object>, pointer: string, sha256: string) => {
      const at = placeOf(document, pointer)
      const before = seen.get(sha256)
      if (before === undefined) seen.set(sha256, at)
      else report(at, `this token is there already, in ${before.file}:${before.line}; make one for each use`)
    }
    for (const document of policies.values()) {
      for (const list of ['tokens', 'calendar'] as const)
        document.value.catalog?.[list]?.forEach(({ sha256 }, index) => {
          look(document, `/catalog/${list}/${index}/sha256`, sha256)
        })
    }
  },
}

export const catalogTokenRules: readonly Rule[] = [tokenTwice]
