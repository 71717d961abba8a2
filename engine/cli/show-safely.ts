const maxLength = 300

/**
 * Makes a manifest's text fit for one line that shows what is there: control, formatting and direction characters and
 * line breaks become visible escapes such as `\u{202e}`; a long text is cut.
 */
export function showSafely(text: string): string {
  const visible = text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
  const characters = [...visible]
  return characters.length > maxLength ? `${characters.slice(0, maxLength - 1).join('')}…` : visible
}
