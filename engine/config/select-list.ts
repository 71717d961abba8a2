/** The names that a query gives its columns, read from its text where that is simple. Pure. */

const tokenPattern =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*|\d[\w.]*|\s+|./gsu

// What can follow the list of columns; set operations take their names from the first SELECT.
const listEnds = new Set(
  'from where group having order limit offset window qualify union except intersect sample using'.split(' '),
)

/**
 * The columns of the main SELECT: each ends in `AS name` or is a plain `name` or `table.name`. Undefined where one is
 * neither, as `*`: then only running the query tells.
 */
export function selectedColumns(sql: string): string[] | undefined {
  const items = selectItems(sql)
  const names = items?.map(nameOfItem)
  return names?.every((name) => name !== undefined) ? names : undefined
}

/** The tokens of each item of the first SELECT that is in no parentheses: those in front of it are in a WITH. */
function selectItems(sql: string): string[][] | undefined {
  let depth = 0
  let items: string[][] | undefined
  for (const [token] of sql.matchAll(tokenPattern)) {
    if (/^(\s|--|\/\*)/.test(token)) continue
    if ('([{'.includes(token)) depth++
    if (')]}'.includes(token)) depth--
    const word = depth === 0 ? token.toLowerCase() : ''
    if (!items) {
      if (word === 'select') items = [[]]
    } else if (listEnds.has(word) || word === ';') break
    else if (word === ',') items.push([])
    else items.at(-1)!.push(token)
  }
  const [first] = items ?? []
  if (/^(distinct|all)$/i.test(first?.[0] ?? '') && first?.[1]?.toLowerCase() !== 'on') first!.shift()
  // A comma may stand behind the last item.
  return items?.at(-1)?.length === 0 ? items.slice(0, -1) : items
}

function nameOfItem(tokens: string[]): string | undefined {
  const last = tokens.at(-1) ?? ''
  if (tokens.at(-2)?.toLowerCase() === 'as') return readName(last)
  const [first = '', dot, second, ...more] = tokens
  const isPlain = tokens.length === 1 || (tokens.length === 3 && dot === '.' && more.length === 0)
  if (!isPlain || !isName(first)) return undefined
  // The table's own spelling counts, and tables are spelt in lower case.
  return readName(second ?? first)?.toLowerCase()
}

function isName(token: string): boolean {
  return /^["\p{L}_]/u.test(token)
}

function readName(token: string): string | undefined {
  if (!isName(token)) return undefined
  return token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : token
}
