/** What is wrong with a parsed template, found in its syntax tree: also what Handlebars' strict mode does not see. */
import { closestName } from './closest-name.ts'
import { blockHelpers, helperNames } from './template-language.ts'

/** Where names are looked up: the data itself, or something within it whose names nobody knows beforehand. */
interface Scope {
  isData: boolean
  outer: Scope | undefined
}

interface Call {
  path: hbs.AST.PathExpression | hbs.AST.Literal
  params: hbs.AST.Expression[]
  hash?: hbs.AST.Hash
}

export interface TemplateRules {
  /** The names that the data has; null where any may be there. */
  allowed: readonly string[] | null
  /** Output that is not escaped is refused. */
  html: boolean
}

const loopVariables = ['index', 'key', 'first', 'last', 'root']

/** Tells `report` each fault with its node, in order. Throws RangeError where the template is nested too deeply. */
export function findFaults(
  program: hbs.AST.Program,
  { allowed, html }: TemplateRules,
  report: (node: hbs.AST.Node, message: string) => void,
): void {
  walkProgram(program, { isData: true, outer: undefined })

  function walkProgram({ body }: hbs.AST.Program, scope: Scope): void {
    for (const statement of body) walkStatement(statement, scope)
  }

  function walkStatement(node: hbs.AST.Statement, scope: Scope): void {
    if (node.type === 'MustacheStatement') walkMustache(node as hbs.AST.MustacheStatement, scope)
    else if (node.type === 'BlockStatement') walkBlock(node as hbs.AST.BlockStatement, scope)
    else if (node.type.startsWith('Partial')) report(node, 'partials {{> ...}} are not allowed')
    else if (node.type.startsWith('Decorator')) report(node, 'decorators {{* ...}} are not allowed')
  }

  function walkMustache(node: hbs.AST.MustacheStatement, scope: Scope): void {
    if (html && !node.escaped) report(node, 'unescaped output is not allowed in HTML, write {{...}}')
    const isCall =
      node.params.length > 0 || node.hash !== undefined || helperNames.includes(plainName(node.path))
    if (isCall) walkCall(node, scope)
    else if (isPath(node.path)) checkPath(node.path, scope)
    else report(node.path, 'a name is written without quotes')
  }

  function walkCall(call: Call, scope: Scope): void {
    const name = plainName(call.path)
    if (blockHelpers.includes(name)) report(call.path, `${name} opens a block: {{#${name} ...}}`)
    else if (!helperNames.includes(name)) {
      const shown = shownName(call.path)
      const known = helperNames.join(', ')
      report(call.path, `there is no helper "${shown}", there are ${known}${closestName(shown, helperNames)}`)
    } else if (call.params.length === 0) report(call.path, `${name} needs a value: {{${name} ...}}`)
    walkArguments(call, scope)
  }

  function walkBlock(node: hbs.AST.BlockStatement, scope: Scope): void {
    const name = plainName(node.path)
    if (!blockHelpers.includes(name)) {
      const known = blockHelpers.map((helper) => `#${helper}`)
      report(node.path, `"${shownName(node.path)}" opens no block, ${known.join(', ')} do`)
    } else if (node.params.length !== 1) report(node.path, `#${name} takes one value`)
    walkArguments(node, scope)
    const isInner = name === 'each' || name === 'with'
    // Also where a block parameter gives the value a name: within such a block no plain name is known beforehand.
    if (node.program) walkProgram(node.program, isInner ? { isData: false, outer: scope } : scope)
    if (node.inverse) walkProgram(node.inverse, scope)
  }

  function walkArguments({ params, hash }: Call, scope: Scope): void {
    for (const value of [...params, ...(hash?.pairs ?? []).map((pair) => pair.value)]) {
      if (value.type === 'SubExpression') walkCall(value as hbs.AST.SubExpression, scope)
      else if (isPath(value)) checkPath(value, scope)
    }
  }

  function checkPath(path: hbs.AST.PathExpression, scope: Scope): void {
    const [first, second] = path.parts as (string | undefined)[]
    let target: Scope | undefined = scope
    for (let up = 0; up < path.depth; up++) target = target?.outer
    if (path.data) checkVariable(path, first, second)
    else if (target === undefined) report(path, `"${path.original}" leads out of the data`)
    else if (target.isData && first !== undefined) checkName(path, first)
  }

  function checkVariable(path: hbs.AST.PathExpression, name = '', property: string | undefined): void {
    if (!loopVariables.includes(name)) {
      report(path, `there is no @${name}, there are ${loopVariables.map((known) => `@${known}`).join(', ')}`)
    } else if (name === 'root' && property !== undefined) checkName(path, property)
  }

  function checkName(path: hbs.AST.PathExpression, name: string): void {
    if (allowed === null || allowed.includes(name)) return
    report(path, `there is no "${name}", there are ${allowed.join(', ')}${closestName(name, allowed)}`)
  }
}

function isPath(node: hbs.AST.Node): node is hbs.AST.PathExpression {
  return node.type === 'PathExpression'
}

/** The name of a path that is nothing but a name, as a helper's; otherwise empty. */
function plainName(node: hbs.AST.Node): string {
  if (!isPath(node) || node.data || node.depth > 0 || node.parts.length !== 1) return ''
  return node.original === node.parts[0] ? node.original : ''
}

function shownName(node: hbs.AST.Node): string {
  return String((node as hbs.AST.PathExpression).original)
}
