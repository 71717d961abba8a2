import { Command } from 'commander'
import t from 'tap'
import type { CliParts } from '../../../engine/cli/parts.ts'
import { formatGithub, formatSarif } from '../../../engine/cli/problem-formats.ts'
import { parseRuleHelp, readRuleHelp } from '../../../engine/cli/rule-help.ts'
import { addValidate } from '../../../engine/cli/validate.ts'
import { formatProblemLine } from '../../../engine/config/problems.ts'
import { rules } from '../../../engine/config/rules/index.ts'
import type { SourceTree } from '../../../engine/core/contracts/config-source.ts'
import type { Problem } from '../../../engine/core/model.ts'
import { editSmall } from '../config/golden.ts'

const plain: Problem = {
  file: 'jobs.d/acme/eod.yaml',
  line: 12,
  column: 5,
  endLine: 12,
  endColumn: 9,
  rule: 'schema',
  severity: 'error',
  message: 'unknown key "form"',
}
const locate = (file: string) => file
const sarif = (problems: Problem[], helpOf = (rule: string) => readRuleHelp().get(rule)) =>
  JSON.parse(formatSarif(problems, { version: '1.2.3', locate, helpOf })).runs[0]

t.test('SARIF has a result a problem, with its region and the help of its rule', async (t) => {
  const warning: Problem = { ...plain, rule: 'file-name', severity: 'warning', endLine: 14, endColumn: 1 }
  const run = sarif([plain, warning, { ...plain, rule: 'nowhere-told' }])
  t.match(run.tool.driver, { name: 'jobsd', semanticVersion: '1.2.3' })
  t.equal(run.columnKind, 'utf16CodeUnits')
  const ids = run.tool.driver.rules.map(({ id }: { id: string }) => id)
  t.same(ids, ['file-name', 'nowhere-told', 'schema'])
  t.match(run.tool.driver.rules[0].shortDescription.text, /\.$/)
  t.match(run.tool.driver.rules[2].help, { text: /[a-z]/, markdown: /```text/ })
  t.same(run.tool.driver.rules[1], { id: 'nowhere-told' }, 'a rule without help has only its name')
  t.same(
    run.results.map(({ ruleIndex }: { ruleIndex: number }) => ids[ruleIndex]),
    ['schema', 'file-name', 'nowhere-told'],
    'in the order of the problems',
  )
  t.match(run.results[1], {
    level: 'warning',
    message: { text: plain.message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: plain.file, uriBaseId: '%SRCROOT%' },
          region: { startLine: 12, startColumn: 5, endLine: 14, endColumn: 1 },
        },
      },
    ],
  })
})

t.test('hostile texts are only texts in SARIF', async (t) => {
  const file = 'jobs.d/a:b/%2e%2e/x y?#[é]\u{1f600}\ud800"\n.yaml'
  const message = 'is {0} or {name}: see [here](https://evil.example) or [that], "\u202e\n"'
  const { results } = sarif([{ ...plain, file, message }])
  const { uri } = results[0].locations[0].physicalLocation.artifactLocation
  t.match(uri, /^jobs\.d\/a%3Ab\/%252e%252e\/x%20y%3F%23%5B%C3%A9%5D%F0%9F%98%80%EF%BF%BD%22%0A\.yaml$/)
  t.equal(new URL(uri, 'https://base.example/').pathname, `/${uri}`, 'it stays below its base')
  t.equal(
    results[0].message.text,
    'is {{0}} or {name}: see \\[here](https://evil.example) or [that], "\u202e\n"',
    'no placeholder and no link',
  )
})

t.test('every rule has a help text in the documentation', async (t) => {
  const help = readRuleHelp()
  for (const { name } of rules) t.match(help.get(name)?.text, /\w{3}.*\./, name)
  const page =
    '# Rules\n\n## A part\n\nNot help.\n\n### one\n\n```text\n### not a rule\n```\n\nDo [this](x.md#y).\n\n## More\n\nNo.\n'
  t.same(
    [...parseRuleHelp(page)],
    [['one', { text: 'Do this.', markdown: '```text\n### not a rule\n```\n\nDo this.' }]],
  )
})

t.test('GitHub gets one workflow command a line', async (t) => {
  t.equal(
    formatGithub([plain, { ...plain, severity: 'warning', endLine: 13, endColumn: 2 }], { locate }),
    [
      '::error file=jobs.d/acme/eod.yaml,line=12,endLine=12,col=5,endColumn=9,title=schema::unknown key "form"',
      '::warning file=jobs.d/acme/eod.yaml,line=12,endLine=13,title=schema::unknown key "form"',
    ].join('\n'),
    'columns only within one line',
  )
})

t.test('hostile texts are only texts for GitHub', async (t) => {
  const file = 'jobs.d/a,line=1::x%0A\r\n::set-env name=A::b.yaml'
  const message = '100% x\r\n::stop-commands::y, z: %0A'
  const line = formatGithub([{ ...plain, file, rule: 'a,b:c', message }], { locate })
  t.equal(
    line,
    '::error file=jobs.d/a%2Cline=1%3A%3Ax%250A%0D%0A%3A%3Aset-env name=A%3A%3Ab.yaml,line=12,endLine=12,col=5,' +
      'endColumn=9,title=a%2Cb%3Ac::100%25 x%0D%0A::stop-commands::y, z: %250A',
  )
  t.notMatch(formatProblemLine({ ...plain, file }), /\n/, 'nor does a name end a line for people')
})

async function run(args: string[], tree: SourceTree) {
  const program = new Command('jobsd')
    .version('9.8.7')
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  const printed: string[] = []
  let exitCode: number | undefined
  const source = {
    description: 'memory',
    rescanMs: 30_000,
    settleMs: 3_000,
    read: async () => tree,
    watch: async () => async () => {},
  }
  const standard = { ...source, read: async () => ({ revision: 'none', files: new Map() }) }
  const parts: Partial<CliParts> = {
    print: (text) => printed.push(text),
    env: {},
    source: () => source,
    platform: () => source,
    standard,
  }
  addValidate(program, parts as CliParts, (code) => {
    exitCode = code
  })
  for (const command of program.commands) command.copyInheritedSettings(program).option('--json')
  await program.parseAsync(['validate', ...args], { from: 'user' })
  return { output: printed.join('\n'), exitCode }
}

t.test('--format says how problems are printed, with paths from the working directory', async (t) => {
  const broken = editSmall({
    'jobs.d/acme/eod.yaml': (text) => text.replace('onEmpty: skip', 'onEmpty: maybe'),
    'jobs.d/platform/settings.yaml': 'x: &a [\n',
  })
  const github = await run(['some/where', '--format', 'github'], broken)
  t.equal(github.exitCode, 1)
  t.match(github.output, /^::error file=some\/where\/jobs\.d\/acme\/eod\.yaml,line=20,/)
  t.match(github.output, /\n2 problems in 2 files$/)
  const log = JSON.parse((await run(['.', '--format', 'sarif', '--platform', 'ops'], broken)).output)
  t.equal(log.runs[0].tool.driver.semanticVersion, '9.8.7')
  const uris = log.runs[0].results.map(
    (result: { locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }) =>
      result.locations[0]!.physicalLocation.artifactLocation.uri,
  )
  t.same(uris, ['jobs.d/acme/eod.yaml', 'ops/settings.yaml'])
  t.match((await run(['../outside', '--format', 'github'], broken)).output, /^::error file=jobs\.d\/acme/)
  const json = await run(['--json'], broken)
  t.same(JSON.parse(json.output), JSON.parse((await run(['--format', 'json'], broken)).output))
  t.equal((await run(['--format', 'github'], editSmall({}))).output, 'fine: 1 job of 1 client')
  await t.rejects(run(['--format', 'xml'], broken), { code: 'commander.invalidArgument' })
  await t.rejects(run(['--json', '--format', 'sarif'], broken), { code: 'commander.error' })
})
