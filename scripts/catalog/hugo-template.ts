/** The catalog's own templates in Hugo's language, so that both make the same pages. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../templates/catalog')
const tag = /\{\{\s*(.+?)\s*\}\}/g

/**
 * Translates one template with its partials. Names become lower case, as Hugo makes those of front matter. Throws for
 * what the templates do not use today.
 */
export function translateTemplate(name: string): string {
  return `{{ $d := .Params.d }}{{ $w := site.Params.words }}{{ $v := site.Params.view }}${translate(inline(name))}`
}

function inline(name: string): string {
  const text = readFileSync(join(folder, `${name}.hbs`), 'utf8')
  return text.replace(/\{\{>\s*([\w-]+)\s*\}\}/g, (_, partial: string) => inline(partial))
}

function translate(text: string): string {
  // Of each open block: whether names in it are those of an item.
  const blocks: boolean[] = []
  return text.replace(tag, (_, inner: string) => {
    const [word = '', name = ''] = inner.split(/\s+/)
    const isItem = blocks.some(Boolean)
    switch (word) {
      case '#if':
        blocks.push(false)
        return `{{ if ${nameOf(name, isItem)} }}`
      case '#unless':
        blocks.push(false)
        return `{{ if not ${nameOf(name, isItem)} }}`
      case '#each':
        blocks.push(true)
        return `{{ range ${nameOf(name, isItem)} }}`
      case '#with':
        blocks.push(true)
        return `{{ with ${nameOf(name, isItem)} }}`
      case 'else':
        return '{{ else }}'
      case '/if':
      case '/unless':
      case '/each':
      case '/with':
        blocks.pop()
        return '{{ end }}'
      default:
        if (!/^@?[\w.]+$/.test(word) || name !== '') throw new Error(`no translation of {{${inner}}}`)
        return `{{ ${nameOf(word, isItem)} }}`
    }
  })
}

function nameOf(name: string, isItem: boolean): string {
  if (name === 'this') return '.'
  const isRoot = name.startsWith('@root.')
  const path = name.replace(/^@root\./, '').toLowerCase()
  if (isItem && !isRoot) return `.${path}`
  if (path.startsWith('words.')) return `$w.${path.slice('words.'.length)}`
  return path.startsWith('view.') ? `$v.${path.slice('view.'.length)}` : `$d.${path}`
}
