/** Texts in a chart are of customers' data: of any length, in any script, with any character. */

const longest = 24
// Controls, and what turns the direction of the text around it.
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]+/gu

/** One short line of visible characters. */
export function cutLabel(text: string): string {
  return cutText(text, longest)
}

/** One line of visible characters, at most that many. */
export function cutText(text: string, most: number): string {
  // By a beginning that surely is enough: text can be megabytes.
  const plain = text
    .slice(0, most * 20)
    .replace(unseen, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const characters = Array.from(new Intl.Segmenter('en').segment(plain), ({ segment }) => segment)
  const fits = characters.length <= most && text.length <= most * 20
  return fits
    ? plain
    : `${characters
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`
}
