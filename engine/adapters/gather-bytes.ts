/** Gives the same bytes in pieces of at least `leastBytes`, but for the last one: each write costs, however small. */
export async function* gatherBytes(
  source: AsyncIterable<Buffer>,
  leastBytes: number,
): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = []
  let size = 0
  for await (const piece of source) {
    pieces.push(piece)
    size += piece.length
    if (size < leastBytes) continue
    yield Buffer.concat(pieces, size)
    pieces = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(pieces, size)
}
