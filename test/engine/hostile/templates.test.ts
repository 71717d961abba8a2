/** Mail templates that would like to reach more than the data of the mail. */
import '../../fakes/clean-children.ts'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkTemplate, renderMail } from '../../../engine/reports/template.ts'
import { tally } from './tally.ts'

const canary = 'canary-template-1d0f'
process.env.JOBSD_SECRET_CANARY = canary
const trace = join(t.testdir(), 'escaped')
const steal = `return process.env.JOBSD_SECRET_CANARY + process.mainModule.require('fs').writeFileSync('${trace}','x')`

/** Each is rendered as HTML and as text. */
const corpus = [
  // Up the prototypes to a constructor.
  `{{#with "s" as |string|}}{{#with "e"}}{{#with split as |conslist|}}{{this.pop}}{{this.push (lookup string.sub "constructor")}}{{this.pop}}{{#with string.split as |codelist|}}{{this.pop}}{{this.push "${steal}"}}{{this.pop}}{{#each conslist}}{{#with (string.sub.apply 0 codelist)}}{{this}}{{/with}}{{/each}}{{/with}}{{/with}}{{/with}}{{/with}}`,
  '{{constructor.constructor "return process"}}',
  '{{a.constructor.constructor "return process"}}',
  '{{[constructor]}}{{[__proto__]}}',
  '{{a.[constructor].name}}',
  '{{a.__proto__.constructor}}',
  '{{a.constructor.prototype}}',
  '{{#with a.constructor}}{{name}}{{/with}}',
  '{{#with __proto__}}{{constructor}}{{/with}}',
  '{{#each this.constructor}}{{@key}}={{this}}{{/each}}',
  '{{a.toString.constructor}}',
  '{{list.map.constructor}}',
  '{{list.constructor.from}}',
  '{{word.sub.constructor}}',
  '{{word.replace "x" "y"}}',
  '{{__defineGetter__ "x" "y"}}{{__lookupGetter__ "constructor"}}',
  '{{#with (__lookupGetter__ "__proto__")}}{{call this}}{{/with}}',
  '{{valueOf}}{{toString}}{{hasOwnProperty "a"}}',
  '{{../constructor}}{{../../constructor}}',
  '{{#with a}}{{../constructor.constructor}}{{/with}}',
  '{{@root.constructor}}{{@root.__proto__.constructor}}',
  '{{@data}}{{@root.@data}}{{@partial-block}}{{@constructor}}{{@first.constructor}}',
  // The library's own helpers and hooks.
  '{{lookup this "constructor"}}',
  '{{lookup (lookup this "constructor") "constructor"}}',
  '{{#with (lookup this "constructor")}}{{this "return process"}}{{/with}}',
  '{{log word}}{{log this level="error"}}',
  '{{helperMissing}}',
  '{{blockHelperMissing}}{{#blockHelperMissing a}}x{{/blockHelperMissing}}',
  '{{#helperMissing a}}x{{/helperMissing}}',
  '{{helpers.helperMissing}}{{container.nullContext}}',
  '{{registerHelper "x" "y"}}{{compile "x"}}{{create}}',
  '{{if.constructor}}{{each.constructor}}{{eq.constructor}}',
  '{{eq constructor.constructor 1}}{{number constructor}}',
  '{{#if constructor}}in{{/if}}{{#unless a.constructor}}out{{/unless}}',
  '{{date "now" zone=constructor}}{{number 1 locale=constructor}}',
  '{{bytes __proto__}}{{number a.__proto__ decimals=constructor}}',
  // Partials, decorators, inline code.
  '{{> constructor}}',
  '{{> (lookup . "word")}}',
  '{{> (concat "a" "b")}}',
  '{{> @partial-block}}',
  '{{#> layout}}x{{/layout}}',
  '{{#*inline "x"}}{{word}}{{/inline}}{{> x}}',
  '{{* log}}{{*inline "x"}}',
  '{{> ../../etc/passwd}}{{> /etc/passwd}}',
  // Block parameters that hide names, and depth.
  '{{#each list as |constructor __proto__|}}{{constructor.constructor}}{{/each}}',
  '{{#with a as |__proto__|}}{{__proto__.constructor.constructor}}{{/with}}',
  '{{#each this as |value key|}}{{key}}{{value.constructor}}{{/each}}',
  '{{#each list}}{{@key.constructor}}{{@index.constructor}}{{this.constructor}}{{/each}}',
  // Other template languages, in case one is behind.
  '<%= process.env %><%- global %>',
  ['$', '{process.env.JOBSD_SECRET_CANARY}#{7*7}{{7*7}}'].join(''),
  '{% include "/etc/passwd" %}{{config.items}}{{self.__init__}}',
  '<script>document.write(process)</script>{{constructor}}',
]

const signs = new RegExp(
  `${canary}|native code|\\[object process|\\[Function|function |root:x?:|return process$`,
)

/** How a template got through; null where it failed or gave no sign of anything but its data. */
async function leakOf(text: string, data: object): Promise<string | null> {
  const template = { name: 'probe', subject: 'x', html: text, text }
  const came = await renderMail(template, data).then(
    ({ html, text: plain }) => html + plain,
    (error: { code?: string; message: string }) =>
      error.code === 'TEMPLATE_FAILED' ? error.message.replaceAll(text, '') : `not told: ${error.message}`,
  )
  if (existsSync(trace)) return 'code ran'
  if (came.startsWith('not told')) return came
  return signs.exec(came)?.[0] ?? null
}

t.test('no template reaches code, the environment, files or prototypes', async (t) => {
  const data = { a: { b: 1 }, word: 'word', list: [1], n: 1 }
  await tally(t, 50, async (tried) => {
    const open = [...corpus]
    const work = async () => {
      for (let text = open.shift(); text !== undefined; text = open.shift())
        tried(text.slice(0, 60), await leakOf(text, data))
    }
    await Promise.all([work(), work()])
  })
})

t.test('data that brings its own syntax or prototypes stays data', async (t) => {
  const tree = {
    type: 'Program',
    body: [{ type: 'MustacheStatement', path: 0, params: [{ type: 'NumberLiteral', value: steal }] }],
  }
  const own = JSON.parse(`{"__proto__":{"x":1},"constructor":{"constructor":"${canary}x"},"word":"{{word}}"}`)
  await tally(t, 8, async (tried) => {
    for (const value of [
      '{{constructor}}',
      `{{lookup this "constructor"}}`,
      '{{{word}}}',
      '</td><script>',
      '{{/each}}',
    ]) {
      const { html } = await renderMail(
        { name: 'p', subject: 's', html: '[{{word}}]', text: '' },
        { word: value },
      )
      const isEscaped = !html.includes('<script') && !html.includes('native') && html.length >= value.length
      tried(value, isEscaped ? null : html)
    }
    for (const text of [tree, { toString: () => steal }, [`{{constructor}}`]] as unknown as string[])
      tried('a tree for a text', await leakOf(text, { word: 1 }).catch(() => null))
    tried('own prototypes', await leakOf('{{__proto__.x}}{{__proto__.constructor}}', own))
  })
})

t.test('what is not escaped never gets past the check of a template', async (t) => {
  const unescaped = [
    '{{{a}}}',
    '{{&a}}',
    '{{{ a }}}',
    '{{~{a}~}}',
    '{{{{raw}}}}{{a}}{{{{/raw}}}}',
    '<a href={{{a}}}>',
  ]
  await tally(t, 6, (tried) => {
    for (const text of unescaped) {
      const faults = checkTemplate(text, ['a'], true)
      tried(text, faults.length > 0 ? null : 'no fault')
    }
  })
})
