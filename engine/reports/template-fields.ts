/** Which fields of one part of its data a template names. */
import Handlebars from 'handlebars'

export interface NamedField {
  name: string
  /** From 1. */
  line: number
}

/** The names behind `<part>.` in a template, at the top of the data or by @root; none where it does not parse. */
export function listFields(text: string, part: string): NamedField[] {
  if (!text.includes(part)) return []
  const found: NamedField[] = []
  const visitor = new Handlebars.Visitor()
  visitor.PathExpression = (path) => {
    const [first, ...rest] = path.data && path.parts[0] === 'root' ? path.parts.slice(1) : path.parts
    if (first === part && rest[0] !== undefined)
      found.push({ name: String(rest[0]), line: path.loc.start.line })
  }
  try {
    visitor.accept(Handlebars.parse(text))
  } catch (error) {
    // What does not parse, or is nested too deeply, is told of by the rule about the template itself.
    if (error instanceof Error) return []
    throw error
  }
  return found
}
