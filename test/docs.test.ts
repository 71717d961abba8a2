/** The pages say what the code says: codes, rules, types, commands, samples and links. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { Command } from 'commander'
import t from 'tap'
import { parse } from 'yaml'
import { systemClock } from '../engine/adapters/system-clock.ts'
import { commands } from '../engine/cli/index.ts'
import type { CliParts } from '../engine/cli/parts.ts'
import { runCommandLine } from '../engine/cli/program.ts'
import { validate } from '../engine/cli/validate.ts'
import { maxManifestBytes } from '../engine/config/parse.ts'
import { problemTooSlow } from '../engine/config/parse-workers.ts'
import { formatProblemLine } from '../engine/config/problems.ts'
import { rules } from '../engine/config/rules/index.ts'
import type { ConfigSource, SourceFile, SourceTree } from '../engine/core/contracts/config-source.ts'
import { errorTable } from '../engine/core/errors.ts'
import { Secret } from '../engine/core/secret.ts'
import { stepTraits } from '../engine/core/step-traits.ts'
import { tokenNames } from '../engine/core/tokens.ts'
import { helperNames } from '../engine/reports/template-language.ts'
import type { Engine } from '../engine/runtime/engine.ts'
import type { EventKey } from '../engine/server/events.ts'
import { createHttpServer } from '../engine/server/http.ts'
import { rehearsedStepTypes as stepTypes } from '../engine/steps/index.ts'
import { triggerTypes } from '../engine/triggers/index.ts'
import { editSmall, load, manifestsFolder, readFolder, textFile } from './engine/config/golden.ts'
import { createMemoryLog } from './fakes/log.ts'

const root = join(import.meta.dirname, '..')
const example = await readFolder(root)
const pages = new Map(listPages().map((path) => [path, readFileSync(join(root, path), 'utf8')]))

function listPages(): string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  const own = readdirSync(root).filter((name) => name.endsWith('.md'))
  return [...own, ...docs.filter((path) => path.endsWith('.md')).map((path) => `docs/${path}`)]
    .map((path) => path.split(sep).join('/'))
    .sort()
}

function pageOf(path: string): string {
  const text = pages.get(path)
  if (text === undefined) throw new Error(`there is no ${path}`)
  return text
}

/** The sections under headings of one level, by heading, each up to the next heading of that level or above. */
function sectionsOf(text: string, level: number): Map<string, string> {
  const parts = withoutFences(text).split(new RegExp(`^(?=#{1,${level}} )`, 'm'))
  const mark = `${'#'.repeat(level)} `
  const own = parts.filter((part) => part.startsWith(mark))
  return new Map(
    own.map((part) => {
      const [heading = '', ...lines] = part.split('\n')
      return [heading.slice(mark.length), restoreFences(lines.join('\n')).trim()]
    }),
  )
}

// A comment in a sample begins like a heading.
const hash = '\u0001'
const withoutFences = (text: string): string =>
  text.replace(/^```[\s\S]*?^```/gm, (fence) => fence.replaceAll('#', hash))
const restoreFences = (text: string): string => text.replaceAll(hash, '#')

function samplesOf(text: string, language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm')
  return [...text.matchAll(pattern)].map((match) => match[1] as string)
}

/** Names in backticks at the head of the rows of the first table. */
function firstColumn(text: string): string[] {
  return [...text.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string),
  )
}

/** The problems of the example config with some files added or replaced. */
function problemsWith(files: Record<string, string>): string[] {
  const added = Object.entries(files).map(([path, text]): [string, SourceFile] => [path, textFile(text)])
  const tree = { revision: 'sample', files: new Map([...example.files, ...added]) }
  return load(tree, { standard: example }).problems.map(formatProblemLine)
}

/** Connections of manifest.md, allowed to the example's client. */
function ownConnections(...names: string[]): Record<string, string> {
  const documents = samplesOf(pageOf('docs/manifest.md'), 'yaml').filter((text) =>
    /^kind: Connection/m.test(text),
  )
  const policy = 'jobs.d/platform/clients/acme.yaml'
  const allowed = new TextDecoder().decode(example.files.get(policy)!.content)
  const named = names.map((name) => [
    `jobs.d/platform/connections/${name}.yaml`,
    documents.find((text) => parse(text).name === name)!,
  ])
  return {
    ...Object.fromEntries(named),
    [policy]: allowed.replace('connections: [', `connections: [${names.join(', ')}, `),
  }
}

/** The step type of extending.md, allowed to the example's client. */
function ownStepType(): Record<string, string> {
  const [document = ''] = samplesOf(pageOf('docs/extending.md'), 'yaml')
  const policy = 'jobs.d/platform/clients/acme.yaml'
  return {
    'jobs.d/platform/step-types/line-check.yaml': document,
    [policy]: `${new TextDecoder().decode(example.files.get(policy)!.content)}stepTypes: [line-check]\n`,
  }
}

t.test('errors.md has each error with its message and whether it is tried again', async (t) => {
  const sections = sectionsOf(pageOf('docs/errors.md'), 2)
  t.same([...sections.keys()], Object.keys(errorTable))
  for (const [code, { message, retry }] of Object.entries(errorTable)) {
    const [quoted, again, ...words] = (sections.get(code) ?? '').split('\n\n')
    t.equal(quoted, `> ${message}`, code)
    t.equal(again, `Tried again: ${retry ? 'yes' : 'no'}.`, code)
    t.ok(words.join('').length > 40, `${code} says what to do`)
  }
})

t.test('rules.md has each rule with a line that is really printed', async (t) => {
  const outside = [
    'regular-file',
    'file-size',
    'file-text',
    'too-slow',
    'yaml',
    'duplicate-key',
    'schema',
    'secret-value',
    'layout',
    'settings-missing',
  ]
  const sections = sectionsOf(pageOf('docs/reference/rules.md'), 3)
  t.same([...sections.keys()], [...outside, ...rules.map(({ name }) => name)])
  const link: SourceFile = { size: 0, kind: 'other', content: new Uint8Array() }
  const small = editSmall({ 'jobs.d/acme/eod.yaml': '# '.padEnd(maxManifestBytes + 2048, 'x') })
  const files = new Map([...small.files, ['jobs.d/acme/client.yaml', link] as const])
  const golden = readdirSync(join(manifestsFolder, 'err')).flatMap((name) =>
    readFileSync(join(manifestsFolder, 'err', name, 'expected.txt'), 'utf8').split('\n'),
  )
  const printed = [...golden, ...load({ revision: 'odd', files }).problems.map(formatProblemLine)]
  printed.push(formatProblemLine(problemTooSlow('jobs.d/acme/eod.yaml')))
  for (const [rule, text] of sections) {
    const [broken, line = '', ...more] = samplesOf(text, 'text')
    t.ok(broken?.trim(), `${rule} shows a broken line`)
    t.ok(line.endsWith(`[${rule}]\n`), `${rule} shows its own line`)
    t.ok(printed.includes(line.trimEnd()), `${rule}: ${line.trimEnd()}`)
    t.same(more, [])
  }
  const used = new Set(printed.flatMap((line) => /\[([a-z-]+)\]$/.exec(line)?.[1] ?? []))
  t.same([...used].sort(), [...sections.keys()].sort(), 'no rule is printed that the page lacks')
})

t.test('types are the same in lists, schemas and manifest.md, and the samples are valid', async (t) => {
  const job = JSON.parse(readFileSync(join(root, 'schemas/job.json'), 'utf8'))
  const manifest = pageOf('docs/manifest.md')
  const kinds = [
    ['steps', stepTypes, job.properties.steps.items.oneOf, 'Steps'],
    ['triggers', triggerTypes, job.properties.trigger.oneOf, 'Triggers'],
  ] as const
  for (const [folder, list, branches, heading] of kinds) {
    const types = list.map(({ type }) => type).sort()
    const files = readdirSync(join(root, 'schemas', folder)).map((name) => name.replace(/\.json$/, ''))
    const referred = branches.map(({ $ref }: { $ref: string }) => /([^/]+)\.json$/.exec($ref)?.[1])
    const sections = sectionsOf(sectionsOf(manifest, 3).get(heading) ?? '', 4)
    t.same(files.sort(), types, `schemas/${folder}`)
    t.same([...referred].sort(), types, 'schemas/job.json')
    t.same([...sections.keys()].sort(), types.map((type) => `\`${type}\``).sort(), 'docs/manifest.md')
    for (const entry of list) {
      const { type } = entry
      const title = 'title' in entry ? entry.title : stepTraits[entry.type].title
      const section = sections.get(`\`${type}\``) ?? ''
      t.ok(section.startsWith(`${title}. `), `${type} is called ${title}`)
      const [sample = ''] = samplesOf(section, 'yaml')
      t.match(parse(sample), folder === 'steps' ? [{ type }] : { trigger: { type } }, type)
      const text = folder === 'steps' ? jobOfSteps(sample) : jobOfTrigger(sample)
      const files = {
        'jobs.d/acme/sample.yaml': text,
        ...(type === 'custom' && ownStepType()),
        ...(type === 'http-request' && ownConnections('acme-crm')),
        ...(/^(en|de)crypt$|^sign$/.test(type) && ownConnections('acme-key', 'platform-key')),
      }
      t.same(problemsWith(files), [], type)
    }
  }
})

// Disabled: the example client has its one campaign and its one drop folder job already.
const head = `apiVersion: jobsd/v1
kind: Job
name: sample
title: Sample
client: acme
scope: call-center
enabled: false
`

function jobOfTrigger(sample: string): string {
  return `${head}${sample}steps:
  - { name: mail, type: email, connection: mail, to: [ops@acme.example], template: report-ready }
`
}

/** A step that is no report gets one before it, unless it works on the posted file. */
function jobOfSteps(sample: string): string {
  const isPosted = sample.includes('from: trigger')
  const trigger = isPosted
    ? '{ type: ftp-in, folders: [{ connection: dropbox-acme, path: /in }] }'
    : '{ type: manual }'
  const build = `  - { name: build, type: report, report: call/call-detail, period: day, format: csv,
      fileName: "{callCenter}.csv", onEmpty: send }
`
  const needsBuild = /from: build|steps\.build\./.test(sample)
  const steps = sample.replace(/^(?=.)/gm, '  ')
  return `${head}trigger: ${trigger}\nsteps:\n${needsBuild ? build : ''}${steps}`
}

t.test('whole manifests in manifest.md are fine where they belong', async (t) => {
  const whole = samplesOf(pageOf('docs/manifest.md'), 'yaml').filter((text) => /^apiVersion:/m.test(text))
  const told = new Set<string>()
  for (const text of whole) {
    const { kind, name, client } = parse(text) as Record<string, string>
    const path = {
      Job: `${client}/${name}`,
      Client: `${name}/client`,
      ClientPolicy: `platform/clients/${name}`,
      Connection: `platform/connections/${name}`,
      Calendar: `platform/calendars/${name}`,
      Settings: 'platform/settings',
    }[kind as string]
    told.add(kind as string)
    t.same(problemsWith({ [`jobs.d/${path}.yaml`]: text }), [], `${kind} ${name}`)
  }
  t.same([...told].sort(), ['Calendar', 'Client', 'ClientPolicy', 'Connection', 'Job', 'Settings'])
  const types = whole.map((text) => parse(text)).filter(({ kind }) => kind === 'Connection')
  t.same(
    [...new Set(types.map(({ type }) => `${type}.json`))].sort(),
    readdirSync(join(root, 'schemas/connections')).sort(),
    'one or more of each type of connection',
  )
})

t.test('manifest.md lists every period, token and helper', async (t) => {
  const sections = sectionsOf(pageOf('docs/manifest.md'), 3)
  const report = JSON.parse(readFileSync(join(root, 'schemas/steps/report.json'), 'utf8'))
  t.same(firstColumn(sections.get('Periods') ?? '').sort(), [...report.properties.period.enum].sort())
  const tokens = firstColumn(sections.get('File names') ?? '')
  t.same(tokens.sort(), tokenNames.map((name) => `{${name}}`).sort())
  const mails = sections.get('Mail templates') ?? ''
  for (const name of helperNames) t.match(mails, new RegExp(`[#({]${name}\\b`), name)
})

t.test('README and operations.md have every command with its options', async (t) => {
  const readme = firstColumn(sectionsOf(pageOf('README.md'), 2).get('Commands') ?? '')
  const names = listCommands().map((command) => `jobsd ${command.name()}`)
  t.same(readme.sort(), names.sort())
  const table = sectionsOf(pageOf('docs/operations.md'), 2).get('Commands') ?? ''
  const rows = [...table.matchAll(/^\| `(jobsd .*?)` \| (.*?) \|/gm)]
  const told = rows.map(([, usage = '', options = '']) => [usage, namesIn(options)] as const)
  const usages = listCommands().flatMap((command) => usagesOf(command, 'jobsd'))
  t.same(Object.fromEntries(told), Object.fromEntries(usages))
  t.equal(told.length, usages.length, 'each one once')
})

const namesIn = (options: string) => [...options.matchAll(/`(--[a-z-]+)`/g)].map((match) => match[1])

/** A command as the pages write it with its options, or each of its subcommands. Every one has `--json`. */
function usagesOf(command: Command, before: string): [usage: string, options: (string | undefined)[]][] {
  const words = `${before} ${command.name()}`
  if (command.commands.length > 0) return command.commands.flatMap((each) => usagesOf(each, words))
  const given = command.registeredArguments.map((argument) => {
    const name = argument.name().toUpperCase()
    return argument.required ? name : `[${name}]`
  })
  const options = command.options.map(({ long }) => long).filter((long) => long !== '--json')
  return [[[words, ...given].join(' '), options]]
}

t.test('no page names a command that is not there', async (t) => {
  const known = listCommands().flatMap((command) =>
    command.commands.length > 0
      ? [command.name(), ...command.commands.map((each) => `${command.name()} ${each.name()}`)]
      : [command.name()],
  )
  for (const [path, text] of pages) {
    const code = [...text.matchAll(/^```(?:sh|bash)\n([\s\S]*?)^```|`([^`\n]+)`/gm)].map(
      (match) => match[1] ?? match[2] ?? '',
    )
    const named = code.flatMap((each) =>
      [...each.matchAll(/(?:^|npx )jobsd (new [a-z]+|[a-z]+)/gm)].map((match) => match[1] as string),
    )
    t.same(
      named.filter((name) => !known.includes(name)),
      [],
      path,
    )
  }
})

/** The commands as Commander knows them; none is run. */
function listCommands(): readonly Command[] {
  const program = new Command()
  for (const add of commands) add(program, {} as CliParts, () => {})
  return program.commands
}

/** What `jobsd plan` prints when one file of the example config becomes another one. */
async function planOf(before: Record<string, string>, after: Record<string, string>): Promise<string> {
  const treeOf = (files: Record<string, string>): SourceTree => {
    const added = Object.entries(files).map(([path, text]) => [path, textFile(text)] as const)
    return { revision: 'sample', files: new Map([...example.files, ...added]) }
  }
  const sourceOf = (tree: SourceTree): ConfigSource => ({
    description: 'sample',
    rescanMs: 30_000,
    settleMs: 3_000,
    read: async () => tree,
    watch: async () => async () => {},
  })
  const printed: string[] = []
  const parts: Partial<CliParts> = {
    print: (text) => void printed.push(text),
    warn: (text) => void printed.push(text),
    env: {},
    now: () => new Date('2026-11-23T12:00:00Z'),
    source: () => sourceOf(treeOf(after)),
    standard: sourceOf(example),
    gitTree: async () => treeOf(before),
  }
  const exitCode = await runCommandLine(['plan', '--base', 'origin/main'], '0.0.0', parts as CliParts)
  if (exitCode !== 0) throw new Error(printed.join('\n'))
  return `${printed.join('\n')}\n`
}

t.test('README says what plan prints for a small change, manifest.md for a new name', async (t) => {
  const readme = pageOf('README.md')
  const [sample = ''] = samplesOf(readme, 'yaml')
  const [, planned] = samplesOf(readme, 'text')
  const changed = sample
    .replace('"0 7 * * 1"', '"30 8 * * 1"')
    .replace('[ops@acme.example]', '[ops@acme.example, desk@partner.example]')
  const weekly = 'jobs.d/acme/weekly-calls.yaml'
  t.equal(await planOf({ [weekly]: sample }, { [weekly]: changed }), planned)

  const manifest = pageOf('docs/manifest.md')
  const renamed = samplesOf(manifest, 'text').find((text) => text.startsWith('renamed'))
  const [job = ''] = samplesOf(manifest, 'yaml')
  const before = job.replace('name: morning-calls', 'name: early-calls')
  const after = job.replace('name: morning-calls', 'name: morning-calls\npreviousName: early-calls')
  t.equal(
    await planOf({ 'jobs.d/acme/early-calls.yaml': before }, { 'jobs.d/acme/morning-calls.yaml': after }),
    renamed,
  )
})

t.test('README is short, its job is fine, and its mistakes print what it says', async (t) => {
  const readme = pageOf('README.md')
  t.ok(readme.split('\n').length <= 150, 'at most 150 lines')
  const [sample = ''] = samplesOf(readme, 'yaml')
  const [printed] = samplesOf(readme, 'text')
  t.same(problemsWith({ 'jobs.d/acme/weekly-calls.yaml': sample }), [])
  const broken = sample
    .replace('us-business', 'us-busines')
    .replace('acme-sftp', 'acme-sfpt')
    .replace('acme.example', 'acme.exmaple')
  const files = new Map([...example.files, ['jobs.d/acme/weekly-calls.yaml', textFile(broken)] as const])
  const source = {
    description: 'sample',
    rescanMs: 30_000,
    settleMs: 3_000,
    read: async () => ({ revision: 'sample', files }),
    watch: async () => async () => {},
  }
  const standard = { ...source, read: async () => example }
  const { output, exitCode } = await validate(source, { standard, strict: false, format: 'text' })
  t.equal(exitCode, 1)
  t.equal(output, printed)
})

t.test('every relative link leads to a file, and to a heading where it names one', async (t) => {
  for (const [path, text] of pages) {
    for (const [, target = ''] of withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [file = '', anchor] = restoreFences(target).split('#')
      const found = file === '' ? path : relative(root, join(root, dirname(path), file))
      t.ok(existsSync(join(root, found)), `${path}: ${target}`)
      if (anchor !== undefined) t.ok(anchorsOf(pageOf(found)).includes(anchor), `${path}: ${target}`)
    }
  }
})

function anchorsOf(text: string): string[] {
  return [...withoutFences(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

t.test('every page can be found from the README', async (t) => {
  const seen = new Set<string>()
  const open = ['README.md']
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    for (const [, target = ''] of pageOf(path).matchAll(/\]\(([^)#\s:]+)/g)) {
      const found = relative(root, join(root, dirname(path), target))
        .split(sep)
        .join('/')
      open.push(...[...pages.keys()].filter((page) => page === found || dirname(page) === found))
    }
  }
  t.same(
    [...pages.keys()].filter((path) => !seen.has(path)),
    [],
  )
})

t.test('source files that pages name are there', async (t) => {
  const all = ['engine', 'schemas', 'scripts', 'templates', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.includes('node_modules'))
      .map((path) => `/${folder}/${path.split(sep).join('/')}`),
  )
  for (const [path, text] of pages) {
    for (const [, named = ''] of text.matchAll(/`([\w./-]+\.(?:ts|mjs|json))`/g)) {
      // What extending.md makes up, and files of the root.
      if (named.includes('archive') || existsSync(join(root, named))) continue
      t.ok(
        all.some((file) => file.endsWith(`/${named}`)),
        `${path}: ${named}`,
      )
    }
  }
})

t.test('each decision states context, decision, why and consequences on one screen', async (t) => {
  const decisions = [...pages].filter(([path]) => path.startsWith('docs/decisions/'))
  t.ok(decisions.length > 0)
  decisions.forEach(([path, text], index) => {
    const number = String(index + 1).padStart(4, '0')
    t.ok(path.startsWith(`docs/decisions/${number}-`), `${path} is number ${number}`)
    t.ok(text.startsWith(`# ${number} `), path)
    t.ok(text.split('\n').length <= 40, `${path} has at most 40 lines`)
    t.same(
      [...text.matchAll(/^\*\*(\w+)\.\*\*/gm)].map((match) => match[1]),
      ['Context', 'Decision', 'Why', 'Consequences'],
      path,
    )
  })
})

t.test('the sample that posts an event is accepted', { skip: missingTool('curl', 'openssl') }, async (t) => {
  const [script = ''] = samplesOf(pageOf('docs/operations.md'), 'bash')
  const text = `whsec_${Buffer.from('a key of thirty-two bytes, made up').toString('base64')}`
  const key: EventKey = { client: 'acme', name: 'dialer', secret: new Secret(text) }
  const accepted: Parameters<Engine['acceptEvent']>[0][] = []
  const engine = {
    isReady: () => true,
    async acceptEvent(event: (typeof accepted)[number]) {
      accepted.push(event)
      return { known: false, sameBody: true, outcome: 'started', note: '', runIds: ['c859289b5d6bda96'] }
    },
    policies: () => new Map(),
  } as unknown as Engine
  const server = createHttpServer({
    engine,
    clock: systemClock,
    log: createMemoryLog(),
    keys: async (only) => (only === 'acme/dialer' ? [key] : []),
    hookSecret: async () => undefined,
    operatorsToken: undefined,
  })
  t.teardown(() => server.close())
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  const folder = t.testdir({ 'acme-event-key': `${text}\n` })
  const { stdout } = await promisify(execFile)('sh', ['-c', script], {
    env: { PATH: process.env.PATH, JOBSD_URL: address, JOBSD_SECRETS_DIR: folder },
  })
  t.match(stdout, /^\{"id":"[0-9a-f]{32}","runs":\["c859289b5d6bda96"\]\} 202\n$/)
  t.match(accepted, [{ client: 'acme', type: 'campaign.ended', data: { campaign: { id: 'C-1001' } } }])
})

function missingTool(...names: string[]): string | false {
  const missing = names.find((name) => {
    try {
      execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' })
      return false
    } catch {
      return true
    }
  })
  return missing === undefined ? false : `no ${missing}`
}

t.test('each promise of operations.md names tests that are there', async (t) => {
  const page = readFileSync(join(root, 'docs/operations.md'), 'utf8')
  const section = page.slice(page.indexOf('## What is promised'), page.indexOf('## Limits'))
  const rows = section.split('\n').filter((line) => /^\| [a-z] \|/.test(line))
  t.equal(rows.length, 9)
  for (const row of rows) {
    const tests = [...row.matchAll(/`(test\/[^`]+)`/g)].map((match) => match[1]!)
    t.ok(tests.length > 0, row.slice(0, 60))
    for (const path of tests) t.ok(existsSync(join(root, path)), path)
  }
})
