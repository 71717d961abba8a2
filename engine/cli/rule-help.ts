/** What docs/reference/rules.md says of each rule: the one place where it is written. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RuleHelp } from './problem-formats.ts'

const page = join(import.meta.dirname, '../../docs/reference/rules.md')

/** The help of every rule of the package's documentation; empty where that was left out of an installation. */
export function readRuleHelp(): Map<string, RuleHelp> {
  return existsSync(page) ? parseRuleHelp(readFileSync(page, 'utf8')) : new Map()
}

/** Takes a page apart that has one `### rule` a rule, with samples in fences and then what to do. */
export function parseRuleHelp(page: string): Map<string, RuleHelp> {
  const help = new Map<string, RuleHelp>()
  let rule: string | undefined
  let lines: string[] = []
  let isFenced = false
  const close = () => {
    if (rule !== undefined) help.set(rule, helpOf(lines.join('\n').trim()))
    rule = undefined
    lines = []
  }
  for (const line of page.split(/\r?\n/)) {
    if (line.startsWith('```')) isFenced = !isFenced
    // A comment in a sample begins like a heading.
    if (!isFenced && /^#{1,3} /.test(line)) {
      close()
      if (line.startsWith('### ')) rule = line.slice(4).trim()
    } else lines.push(line)
  }
  close()
  return help
}

/** Links lead nowhere outside of the documentation: only their words are kept. */
function helpOf(section: string): RuleHelp {
  const markdown = section.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
  const text = markdown
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
  return { text, markdown }
}
