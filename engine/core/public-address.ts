/** Which IP addresses belong to the public Internet. Everything that is not known to is refused. */

type Range = [first: number, bits: number, what: string]

const ranges: Range[] = [
  [v4(0, 0), 8, 'this network'],
  [v4(10, 0), 8, 'a private network'],
  [v4(100, 64), 10, 'a private network'],
  [v4(127, 0), 8, 'this machine'],
  [v4(169, 254), 16, 'link-local'],
  [v4(172, 16), 12, 'a private network'],
  [v4(192, 0, 0), 24, 'reserved'],
  [v4(192, 0, 2), 24, 'reserved'],
  [v4(192, 88, 99), 24, 'reserved'],
  [v4(192, 168), 16, 'a private network'],
  [v4(198, 18), 15, 'reserved'],
  [v4(198, 51, 100), 24, 'reserved'],
  [v4(203, 0, 113), 24, 'reserved'],
  [v4(224, 0), 4, 'multicast'],
  [v4(240, 0), 4, 'reserved'],
]

/** What an address is where it is not public, `this machine`; undefined for a public one. */
export function whyNotPublic(address: string): string | undefined {
  const plain = readV4(address)
  if (plain !== undefined) return whyNotPublicV4(plain)
  const groups = readV6(address)
  return groups === undefined ? 'no address' : whyNotPublicV6(groups)
}

function whyNotPublicV4(address: number): string | undefined {
  return ranges.find(([first, bits]) => address >>> (32 - bits) === first >>> (32 - bits))?.[2]
}

function whyNotPublicV6(groups: number[]): string | undefined {
  const [a = 0, b = 0, c = 0] = groups
  const isZero = (count: number) => groups.slice(0, count).every((group) => group === 0)
  const embedded = (at: number) => whyNotPublicV4((groups[at]! * 0x10000 + groups[at + 1]!) >>> 0)
  if (isZero(7) && groups[7] === 1) return 'this machine'
  // Behind these stands an IPv4 address: mapped, NAT64, 6to4.
  if (isZero(5) && groups[5] === 0xffff) return embedded(6)
  if (a === 0x64 && b === 0xff9b && groups.slice(2, 6).every((group) => group === 0)) return embedded(6)
  if (a === 0x2002) return embedded(1)
  if (a >> 8 === 0xff) return 'multicast'
  if (a >> 6 === 0xfe80 >> 6) return 'link-local'
  if (a >> 9 === 0xfc00 >> 9 || a >> 6 === 0xfec0 >> 6) return 'a private network'
  const isGlobal = a >> 13 === 1
  // Protocols, tunnels and samples within 2000::/3.
  const isOdd = (a === 0x2001 && (b < 0x200 || b === 0xdb8)) || (a === 0x3fff && b < 0x1000)
  return isGlobal && !isOdd ? undefined : a === 0 && b === 0 && c === 0 ? 'this network' : 'reserved'
}

function v4(a: number, b: number, c = 0): number {
  return ((a << 24) | (b << 16) | (c << 8)) >>> 0
}

/** Four decimal numbers only: other spellings are made into these by whoever reads the URL. */
function readV4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number)
  if (!parts || parts.some((part) => part > 255)) return undefined
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}

/** The eight groups. */
function readV6(given: string): number[] | undefined {
  const text = given.replace(/%.*$/, '')
  const [, head, dotted] = /^(.*:)([^:]*\.[^:]*)$/.exec(text) ?? []
  const last = dotted === undefined ? undefined : readV4(dotted)
  if (dotted !== undefined && last === undefined) return undefined
  const hex =
    last === undefined ? text : `${head}${(last >>> 16).toString(16)}:${(last & 0xffff).toString(16)}`
  const halves = hex.split('::')
  if (halves.length > 2) return undefined
  const [front, back] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - front!.length - (back?.length ?? 0)
  if (back === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...front!, ...Array(back ? missing : 0).fill('0'), ...(back ?? [])] as string[]
  if (groups.some((group) => !/^[0-9A-Fa-f]{1,4}$/.test(group))) return undefined
  return groups.map((group) => Number.parseInt(group, 16))
}
