/** A secret's value in a box that never shows it: not in a log, an error, JSON or a debugger's view. */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  /** Opens the box: only right where the value is handed to a library. */
  reveal(): string {
    remember(this.#value)
    return this.#value
  }
  toString(): string {
    return '[secret]'
  }
  toJSON(): string {
    return '[secret]'
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}

// A server may repeat what it was told, and its words are quoted. Kept for the whole process, so that no adapter can
// forget to say which values its server knows: every error's text is looked through.
const spellings = new Map<string, string[]>()
/** A shorter one is in any text by chance. */
const shortest = 8

/** Takes every secret that was opened so far out of a text, in each way in which a server is told one. Do it before cutting. */
export function hideSecrets(text: string): string {
  let shown = text
  for (const forms of spellings.values()) {
    for (const form of forms) if (shown.includes(form)) shown = shown.replaceAll(form, '[secret]')
  }
  return shown
}

function remember(value: string): void {
  if (value.length < shortest || spellings.has(value)) return
  const bytes = Buffer.from(value)
  const hex = bytes.toString('hex')
  const plain = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]
  const coded = [0, 1, 2].map((before) => base64Within(bytes, before))
  const forms = [...plain, ...coded, ...coded.map(toUrlAlphabet), hex, hex.toUpperCase()]
  const known = [...new Set(forms)].filter((form) => form.length >= shortest)
  // The longest first: none is left half hidden by another one.
  spellings.set(
    value,
    known.sort((a, b) => b.length - a.length),
  )
}

/** The digits that bytes have in base64 where `before` bytes, modulo three, stand before them in a longer text. */
function base64Within(bytes: Buffer, before: number): string {
  const digits = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
  return digits.slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3))
}

function toUrlAlphabet(digits: string): string {
  return digits.replaceAll('+', '-').replaceAll('/', '_')
}
