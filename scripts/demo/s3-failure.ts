/** A refusal as S3 words it. */
export class S3Failure extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }

  toXml(): string {
    const [code, message] = [this.code, this.message].map((text) =>
      text.replace(/[<>&]/g, (char) => `&#${char.charCodeAt(0)};`),
    )
    return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`
  }
}
