/** What a template or a server said, safe on a terminal and in a CI log: one line without control characters. */
export function toOneLine(text: string): string {
  return text.replace(/\p{Cc}+|[\u202a-\u202e\u2066-\u2069]/gu, ' ')
}
