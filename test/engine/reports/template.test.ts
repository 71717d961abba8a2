import '../../fakes/clean-children.ts'
import t from 'tap'
import type { MailTemplate } from '../../../engine/core/model.ts'
import { checkTemplate, compilePage, renderMail } from '../../../engine/reports/template.ts'

const template = (texts: Partial<MailTemplate>): MailTemplate => ({
  name: 'probe',
  subject: '',
  html: '',
  text: '',
  ...texts,
})
const renderHtml = async (html: string, data: unknown, options = {}) =>
  (await renderMail(template({ html }), data, options)).html
const reasonOf = async (html: string, data: unknown, options = {}): Promise<string> =>
  await renderMail(template({ html }), data, options).then(
    (mail) => `no error but: ${mail.html}`,
    (error) => (error.code === 'TEMPLATE_FAILED' ? error.details.reason : error),
  )

t.test('HTML is escaped, subject and text are not, and the subject is one line', async (t) => {
  const text = '{{job.title}} for {{client}}'
  const data = { job: { title: '<b>"Daily"</b>' }, client: 'O\u2028Neil\r\nBcc: evil@example.com' }
  t.same(await renderMail(template({ subject: text, html: text, text }), data), {
    subject: '<b>"Daily"</b> for O Neil Bcc: evil@example.com',
    html: '&lt;b&gt;&quot;Daily&quot;&lt;/b&gt; for O\u2028Neil\r\nBcc: evil@example.com',
    text: '<b>"Daily"</b> for O\u2028Neil\r\nBcc: evil@example.com',
  })
})

t.test('helpers format numbers, sizes and moments, and compare', async (t) => {
  const data = {
    n: 1234567.891,
    size: 1_300_000,
    none: null,
    at: '2026-07-01T00:00:00Z',
    list: [{ x: 1 }, { x: 2 }],
  }
  const render = (html: string) => renderHtml(html, data)
  t.equal(await render('{{number n}} {{number n decimals=2}} [{{number none}}]'), '1,234,568 1,234,567.89 []')
  t.equal(await render('{{bytes size}} {{bytes 0}} {{bytes 1023}}'), '1.2 MiB 0 bytes 1,023 bytes')
  t.equal(
    await render('{{date at "Europe/Berlin"}} {{date at format="dd.MM.yyyy"}}'),
    '2026-07-01 02:00 01.07.2026',
  )
  t.equal(await render('{{#each list}}{{#if (eq x 2)}}{{@index}}{{else}}-{{/if}}{{/each}}'), '-1')
})

t.test('a template reaches nothing but the data', async (t) => {
  const data = { a: { b: 1 }, word: 'customer-secret', list: [1] }
  t.equal(await reasonOf('{{missing}}', data), 'html: 1:3: there is no "missing"')
  t.equal(await reasonOf('{{__proto__}}', data), 'html: 1:3: there is no "__proto__"')
  t.equal(
    await reasonOf('{{log word}}', data),
    'html 1:3: there is no helper "log", there are if, unless, each, with, eq, number, bytes, date',
  )
  t.match(await reasonOf('{{lookup a "b"}}', data), /^html 1:3: there is no helper "lookup"/)
  t.match(
    await reasonOf('{{a.constructor.constructor "return process"}}', data),
    /there is no helper "a.constructor.constructor"/,
  )
  t.match(await reasonOf('{{#with (lookup a "constructor")}}{{/with}}', data), /there is no helper "lookup"/)
  t.equal(
    await reasonOf('{{#with "s" as |s|}}{{#with "e"}}{{s.sub.constructor.name}}{{/with}}{{/with}}', data),
    'html: a value is not what the template takes it for',
  )
  t.match(await reasonOf('{{helperMissing}}', data), /not what the template takes it for/)
  t.match(await reasonOf('{{#blockHelperMissing a}}{{/blockHelperMissing}}', data), /opens no block/)
  t.match(await reasonOf('{{> (eq a a)}}', data), /partials/)
  t.match(await reasonOf('{{#*inline "x"}}{{/inline}}', data), /decorators/)
  t.match(await reasonOf('{{{word}}}', data), /^html 1:1: unescaped output/)
  t.match(await reasonOf('{{&word}}', data), /^html 1:1: unescaped output/)
  t.match(await reasonOf('{{@root.process.env}}', data), /there is no "env"/)
  t.equal(await renderHtml('[{{constructor}}{{a.constructor}}{{a.toString}}]', data), '[]')
})

t.test('a failure does not quote the data', async (t) => {
  const data = { word: 'customer-secret', n: 1 }
  for (const html of [
    '{{word.b}}',
    '{{#each word}}{{x.y}}{{/each}}{{word.length.x}}',
    '{{date word}}',
    '{{number n decimals=999}}',
  ]) {
    t.notMatch(await reasonOf(html, data), /customer|no error/, html)
  }
})

t.test('a syntax tree in place of a text is never compiled', async (t) => {
  const tree = {
    type: 'Program',
    body: [
      {
        type: 'MustacheStatement',
        path: { type: 'NumberLiteral', value: 'process.exit(1)', original: 1 },
        params: [],
        escaped: true,
        strip: {},
      },
    ],
  } as unknown as string
  await t.rejects(renderMail(template({ html: tree }), {}), { code: 'TEMPLATE_FAILED' })
  t.throws(() => compilePage(tree), TypeError)
})

t.test('work without end, output without end and depth are cut', async (t) => {
  const loop = (inner: string) => `${'{{#each @root.a}}'.repeat(5)}${inner}${'{{/each}}'.repeat(5)}`
  const data = { a: Array(300).fill(1) }
  t.equal(
    await reasonOf(loop('{{#if (eq this 2)}}x{{/if}}'), data, { timeoutMs: 600 }),
    'it did not end within 600 ms',
  )
  t.match(await reasonOf(loop('xxxxxxxxxxxxxxxxxxxx'), data), /^it crashed or needs too much memory: SIG/)
  t.equal(
    await reasonOf('{{#each a}}xxxx{{/each}}', data, { maxBytes: 1000 }),
    'it gives more than 1000 bytes',
  )
  t.match(
    await reasonOf('{{#if a}}'.repeat(5000) + '{{/if}}'.repeat(5000), data),
    /5000 blocks, 500 are allowed/,
  )
})

t.test('a faulty template is told by its place', async (t) => {
  const places = (text: string, html = true) =>
    checkTemplate(text, ['job', 'files', 'event'], html).map(
      ({ offset, line, column, message }) => `${offset} ${line}:${column} ${message}`,
    )
  t.same(places('{{job.title}}\n  {{#if files}}{{event.a}}{{else}}-{{/if}}'), [])
  t.same(places('a\r\n {{#if fils}}x{{/if}}'), [
    '10 2:8 there is no "fils", there are job, files, event; did you mean "files"?',
  ])
  t.same(places('{{zzzzzz}}'), ['2 1:3 there is no "zzzzzz", there are job, files, event'])
  t.same(places('{{#if (eq jb 1)}}{{number jbo decimals=jbi}}{{/if}}').length, 3)
  t.same(places('\n{{{job}}} {{&job}}'), [
    '1 2:1 unescaped output is not allowed in HTML, write {{...}}',
    '11 2:11 unescaped output is not allowed in HTML, write {{...}}',
  ])
  t.same(places('{{{job}}}', false), [])
  t.same(places('{{> job}}'), ['0 1:1 partials {{> ...}} are not allowed'])
  t.same(places('{{"job"}}'), ['2 1:3 a name is written without quotes'])
  t.same(places('{{number}} {{if job}}'), [
    '2 1:3 number needs a value: {{number ...}}',
    '13 1:14 if opens a block: {{#if ...}}',
  ])
  t.same(places('{{#job}}x{{/job}}'), ['3 1:4 "job" opens no block, #if, #unless, #each, #with do'])
  t.same(places('{{nmber job}}'), [
    '2 1:3 there is no helper "nmber", there are if, unless, each, with, eq, number, bytes, date; did you mean "number"?',
  ])
})

t.test('a text that is no Handlebars is told by its place', async (t) => {
  const place = (text: string) => {
    const [fault] = checkTemplate(text, ['a'], true)
    return `${fault!.offset} ${fault!.line}:${fault!.column} ${fault!.message}`
  }
  t.equal(place('x\n{{#if a}}\ny'), '13 3:2 the template ends within a block or {{')
  t.equal(place('x\n {{a b=}}'), '9 2:8 this is no Handlebars')
  t.equal(place('{{a}} {{%}}'), '8 1:9 this is no Handlebars')
  t.equal(place('{{#if a}}{{/each}}'), "3 1:4 if doesn't match each")
  t.equal(place('x'.repeat(200_000)), '0 1:1 the template has 200000 characters, 131072 are allowed')
  t.equal(
    place(`{{eq ${'(eq '.repeat(30_000)}`),
    '0 1:1 the template has 30000 opening parentheses, 1000 are allowed',
  )
})

t.test('names within #each and #with are not the data, paths that lead back to it are', async (t) => {
  const faults = (text: string) =>
    checkTemplate(text, ['files', 'job'], true).map(({ message }) => message.split(',')[0])
  t.same(
    faults('{{#each files as |file at|}}{{file.size}}{{at}}{{name}}{{this}}{{@index}}{{@first}}{{/each}}'),
    [],
  )
  t.same(faults('{{#each files}}{{../typo}}{{#if ../job}}{{../job}}{{/if}}{{/each}}'), ['there is no "typo"'])
  t.same(faults('{{#each files}}{{#with this}}{{../../typo}}{{../any}}{{/with}}{{/each}}'), [
    'there is no "typo"',
  ])
  t.same(faults('{{#each files}}x{{else}}{{typo}}{{/each}}'), ['there is no "typo"'])
  t.same(faults('{{#each files}}{{@root.typo}}{{@root.job}}{{@rot}}{{/each}}'), [
    'there is no "typo"',
    'there is no @rot',
  ])
  t.same(faults('{{#if job}}{{../job}}{{/if}}'), ['"../job" leads out of the data'])
  t.same(faults('{{this.typo}}{{./typo}}{{this}}'), ['there is no "typo"', 'there is no "typo"'])
})

t.test('a page of our own has partials and strict names', async (t) => {
  const page = compilePage('<p>{{title}}</p>{{> list items=rows}}', {
    list: '{{#each items}}<i>{{name}}</i>{{/each}}',
  })
  t.equal(page({ title: '<&>', rows: [{ name: 'a"b' }] }), '<p>&lt;&amp;&gt;</p><i>a&quot;b</i>')
  t.throws(() => page({ rows: [] }), /"title" not defined/)
  t.throws(() => page({ title: '', rows: [{}] }), /"name" not defined/)
  t.throws(() => compilePage('{{log title}}')({ title: 1 }), /unknown helper log/)
})
