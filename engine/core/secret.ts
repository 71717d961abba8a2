/** A secret's value in a box that never shows it: not in a log, an error, JSON or a debugger's view. */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  /** Opens the box. Only adapters do, right where the value is handed to a library. */
  reveal(): string {
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
