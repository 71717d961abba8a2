import '../../fakes/clean-children.ts'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parsers } from 'prettier/plugins/markdown'
import t, { type Test } from 'tap'
import { createFolderSource, createPlatformSource } from '../../../engine/adapters/folder-source.ts'
import { readGitTree } from '../../../engine/adapters/git-tree.ts'
import type { CliParts } from '../../../engine/cli/parts.ts'
import { runCommandLine } from '../../../engine/cli/program.ts'

const root = join(import.meta.dirname, '../../..')
const small = join(root, 'test/manifests/ok/small')
const now = '2026-12-21T12:00:00Z'
const eod = 'jobs.d/acme/eod.yaml'

/** A Git repository with a config repository in it and what tests do with both. */
function createRepository(t: Test, folder = '') {
  const top = t.testdir()
  const dir = join(top, folder)
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@jobsd.example', ...args], {
      cwd: top,
      env: { PATH: process.env.PATH, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
      encoding: 'utf8',
    })
  git('init', '--quiet', '--initial-branch=main')
  mkdirSync(dir, { recursive: true })
  const repository = {
    top,
    dir,
    git,
    copySmall: () => cpSync(small, dir, { recursive: true }),
    commit() {
      git('add', '--all')
      git('commit', '--quiet', '--allow-empty', '--message=a commit')
    },
    write(path: string, text: string) {
      mkdirSync(join(dir, path, '..'), { recursive: true })
      writeFileSync(join(dir, path), text)
    },
    edit(path: string, change: (text: string) => string) {
      repository.write(path, change(readFileSync(join(dir, path), 'utf8')))
    },
    remove: (path: string) => rmSync(join(dir, path)),
    plan: (...args: string[]) => runPlan(dir, args),
  }
  return repository
}

/** Runs the command with the real sources and a fixed clock. Anything else that a command could touch is not there. */
async function runPlan(dir: string, args: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const parts: Partial<CliParts> = {
    print: (text) => void out.push(text),
    warn: (text) => void err.push(text),
    env: {},
    now: () => new Date(now),
    source: createFolderSource,
    platform: createPlatformSource,
    standard: createFolderSource(root, []),
    gitTree: readGitTree,
  }
  const code = await runCommandLine(['plan', dir, ...args], '0.0.0', parts as CliParts)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

interface MarkdownNode {
  type: string
  value?: string
  children?: MarkdownNode[]
}

/** What a Markdown parser sees: every node, outer ones first. */
function markdownNodes(text: string): MarkdownNode[] {
  const flatten = (node: MarkdownNode): MarkdownNode[] => [node, ...(node.children ?? []).flatMap(flatten)]
  return flatten(parsers.markdown.parse(text, {} as never) as MarkdownNode)
}

/** The tags of all HTML in Markdown, in order. */
function htmlTags(text: string): string[] {
  const html = markdownNodes(text).filter(({ type }) => type === 'html')
  return html.flatMap(({ value = '' }) => value.match(/<!--|<\/?[a-z]+/g) ?? [])
}

function otherJob(name: string): string {
  const text = readFileSync(join(small, eod), 'utf8')
  return text.replace('name: eod', `name: ${name}`).replace('path: /outbound', `path: /${name}`)
}

t.test(
  'a branch that moves a schedule, adds a recipient and deletes a job tells exactly these three',
  async (t) => {
    const repository = createRepository(t)
    repository.copySmall()
    repository.write('jobs.d/acme/mails.yaml', otherJob('mails'))
    repository.write('jobs.d/acme/old.yaml', otherJob('old'))
    repository.commit()
    repository.git('checkout', '--quiet', '-b', 'change')
    repository.edit(eod, (text) => text.replace('30 18', '0 19'))
    repository.edit('jobs.d/acme/mails.yaml', (text) =>
      text.replace('[ops@acme.example]', '[ops@acme.example, new@acme.example]'),
    )
    repository.remove('jobs.d/acme/old.yaml')
    repository.commit()

    const text = await repository.plan('--base', 'main')
    t.equal(text.code, 0)
    t.equal(text.err, '')
    t.equal(
      text.out,
      `changed  acme/eod
  ~ schedule weekdays moves: Monday to Friday at 18:30 America/Chicago (30 18 * * 1-5; us-business: skip) becomes Monday to Friday at 19:00 America/Chicago (0 19 * * 1-5; us-business: skip)
      before  Mon 21 Dec 2026, 18:30 -06:00
              Tue 22 Dec 2026, 18:30 -06:00
              Wed 23 Dec 2026, 18:30 -06:00
              Thu 24 Dec 2026, 18:30 -06:00
              Fri 25 Dec 2026, 18:30 -06:00  skipped: 25 Dec 2026 is a day off: Christmas Day
              Mon 28 Dec 2026, 18:30 -06:00
      after   Mon 21 Dec 2026, 19:00 -06:00
              Tue 22 Dec 2026, 19:00 -06:00
              Wed 23 Dec 2026, 19:00 -06:00
              Thu 24 Dec 2026, 19:00 -06:00
              Fri 25 Dec 2026, 19:00 -06:00  skipped: 25 Dec 2026 is a day off: Christmas Day
              Mon 28 Dec 2026, 19:00 -06:00

changed  acme/mails
  + recipient new@acme.example is gained: step mail, to

removed  acme/old
  - the job is removed and runs no more; what it did so far stays in the history
      no more slots  weekdays: Monday to Friday at 18:30 America/Chicago
      no more mail   ops@acme.example
      no more files  sftp:/old/{client}_{callCenter}_{period.end:yyyyMMdd}.csv

2 jobs changed, 1 removed; 1 recipient gained (new@acme.example), 1 lost (ops@acme.example); touches 1 of 1 client`,
    )

    const json = JSON.parse((await repository.plan('--base', 'main', '--json')).out)
    t.same(
      json.changes.map(
        ({ job, kind, effects }: { job: string; kind: string; effects: { kind: string }[] }) => [
          job,
          kind,
          ...effects.map((effect) => effect.kind),
        ],
      ),
      [
        ['acme/eod', 'changed', 'schedule-moved'],
        ['acme/mails', 'changed', 'recipient-gained'],
        ['acme/old', 'removed', 'job-removed'],
      ],
    )
    t.same(json.problems, [])
    t.equal((await repository.plan('--base', 'main', '--format', 'json')).out, JSON.stringify(json, null, 2))

    const markdown = (await repository.plan('--base', 'main', '--format', 'markdown')).out
    t.match(markdown, /^<!-- jobsd-plan -->\n/)
    const nodes = markdownNodes(markdown)
    t.equal(nodes.filter(({ type }) => type === 'tableRow').length, 4, 'a heading and three jobs')
    t.equal(nodes.filter(({ type }) => type === 'listItem').length, 3, 'three effects')
    t.equal(nodes.filter(({ type }) => type === 'code').length, 2, 'slots, and what ends')
    const folds = htmlTags(markdown).filter((tag) => /details|<!--/.test(tag))
    t.same(folds, ['<!--', ...Array.from({ length: 3 }, () => ['<details', '</details']).flat()])
  },
)

t.test('manifest text cannot leave its place in Markdown nor play tricks in a terminal', async (t) => {
  const repository = createRepository(t)
  repository.copySmall()
  repository.commit()
  const nasty = [
    '</code></details><script>alert(1)</script> \\u202Egnp.exe \\u200B\\u2066',
    '<!-- jobsd-plan --> @everyone #1 GH-2 owner/repo#3',
    '``` `tick` ``|pipe| \\\\| [a](https://evil.example) ![i](x) **b** ~~~',
    'www.evil.example https://evil.example',
  ]
  repository.edit(eod, (text) =>
    text.replace(
      'title: End of day',
      `title: "${nasty.shift()}"\ndescription: "${nasty.join('\\n\\n# @team\\n')}"`,
    ),
  )
  repository.edit('jobs.d/platform/calendars/us-business.yaml', (text) =>
    text.replace('Christmas Day', `"@all | <b>x</b> \`\`\`"`),
  )
  repository.write('jobs.d/acme/`|<img src=x>@you.yaml', 'name: "x"\n')
  const markdown = (await repository.plan('--base', 'HEAD', '--format', 'markdown')).out
  t.match(markdown, 'End of day')
  const known = ['details', 'summary', 'code'].flatMap((tag) => [`<${tag}`, `</${tag}`])
  t.same(
    htmlTags(markdown).filter((tag) => !known.includes(tag)),
    ['<!--'],
    'only the marker and our own tags are HTML',
  )
  const nodes = markdownNodes(markdown)
  const acting = ['link', 'image', 'linkReference', 'imageReference', 'definition', 'blockquote', 'delete']
  t.same(
    nodes.filter(({ type }) => acting.includes(type)),
    [],
  )
  t.equal(nodes.filter(({ type }) => type === 'heading').length, 1)
  const shown = nodes.filter(({ type }) => type === 'text' || type === 'sentence' || type === 'word')
  t.same(
    shown.filter(({ value = '' }) => /[@#<]|GH-|https?:|www/.test(value)),
    [],
    'what could be a mention, a reference or a link stands in code',
  )
  t.same(
    nodes.filter(({ type, children = [] }) => type === 'tableRow' && children.length !== 4),
    [],
    'every row has its four cells',
  )
  for (const format of ['markdown', 'text']) {
    const { out } = await repository.plan('--base', 'HEAD', '--format', format)
    t.notMatch(out, /[\u202a-\u202e\u2066-\u2069\u200b]/)
    t.match(out, '\\u{202e}')
  }
})

t.test('a comment that would be too long is cut between sections, and says so', async (t) => {
  const repository = createRepository(t)
  repository.copySmall()
  repository.commit()
  for (let index = 100; index < 220; index++) {
    repository.write(`jobs.d/acme/job-${index}.yaml`, otherJob(`job-${index}`))
  }
  const { out } = await repository.plan('--base', 'HEAD', '--format', 'markdown')
  t.ok(out.length <= 60_000 && out.length > 50_000, `${out.length} characters`)
  t.match(out, /\*\*Cut here: \d+ more sections would not fit\. `jobsd plan` prints all of it\.\*\*$/)
  const tags = htmlTags(out)
  t.equal(tags.filter((tag) => tag === '<details').length, tags.filter((tag) => tag === '</details').length)
})

t.test('errors after the change end with exit code 1, also where they were there before', async (t) => {
  const repository = createRepository(t)
  repository.copySmall()
  repository.commit()
  repository.edit(eod, (text) => text.replace('onEmpty: skip', 'onEmpty: maybe'))
  const { code, out } = await repository.plan('--base', 'HEAD')
  t.equal(code, 1)
  t.match(out, /! the job does not compile, so its last good version stays in force/)
  t.match(out, /1 new problem\n {2}! new {5}jobs\.d\/acme\/eod\.yaml:20:14: .* \[schema\]/)
  repository.commit()
  t.match(await repository.plan('--base', 'HEAD'), { code: 1, out: /1 problem, none new/ })
})

t.test('a new campaign job does not push out the one that was there', async (t) => {
  const repository = createRepository(t)
  const campaign = (name: string) =>
    otherJob(name).replace(/trigger:[\s\S]*steps:/, 'trigger: { type: campaign }\nsteps:')
  repository.copySmall()
  repository.write('jobs.d/acme/zz.yaml', campaign('zz'))
  repository.commit()
  repository.write('jobs.d/acme/aa.yaml', campaign('aa'))
  const { out } = await repository.plan('--base', 'HEAD', '--json')
  t.match(JSON.parse(out).changes, [{ job: 'acme/aa', verdict: { problems: [{ rule: 'one-per-client' }] } }])
})

t.test('a base without jobs.d, in a sub-folder of the repository, makes every job a new one', async (t) => {
  const repository = createRepository(t, 'sub folder')
  writeFileSync(join(repository.top, 'README.md'), 'nothing yet')
  repository.commit()
  repository.copySmall()
  const { code, out } = await repository.plan('--base', 'HEAD')
  t.equal(code, 0)
  t.match(out, /^added {2}acme\/eod\n {2}~ trigger type scheduled\n/)
  t.notMatch(out, 'mended')
  repository.commit()
  repository.remove(eod)
  t.match((await repository.plan('--base', 'main')).out, /^removed {2}acme\/eod\n/)
})

t.test('links of the base are told, never followed; large files are not read', async (t) => {
  const repository = createRepository(t)
  repository.copySmall()
  symlinkSync('/etc/passwd', join(repository.dir, 'jobs.d/acme/linked.yaml'))
  repository.write('jobs.d/acme/large.yaml', '#'.repeat(70_000))
  repository.write('jobs.d/acme/.hidden.yaml', 'name: hidden')
  repository.commit()
  const tree = await readGitTree(repository.dir, 'HEAD', new AbortController().signal)
  t.match(tree.files.get('jobs.d/acme/linked.yaml'), { kind: 'other', content: { length: 0 } })
  t.match(tree.files.get('jobs.d/acme/large.yaml'), { kind: 'file', size: 70_000, content: { length: 0 } })
  t.equal(tree.files.has('jobs.d/acme/.hidden.yaml'), false)
  const folder = await createFolderSource(repository.dir).read(new AbortController().signal)
  const contents = (files: typeof tree.files) =>
    [...files].map(([path, { kind, content }]) => `${path} ${kind} ${Buffer.from(content)}`).sort()
  t.same(contents(tree.files), contents(folder.files), 'both sources read the same')
  repository.remove('jobs.d/acme/linked.yaml')
  t.match((await repository.plan('--base', 'HEAD')).out, /removed {2}acme\/linked[\s\S]*mended/)
})

t.test('a missing repository, an unknown revision and a missing git are told with a hint', async (t) => {
  const repository = createRepository(t)
  repository.copySmall()
  repository.commit()
  for (const revision of ['nope', '--all', '^HEAD', 'HEAD:jobs.d', '', '@{-1}']) {
    const { code, err } = await repository.plan(`--base=${revision}`)
    t.equal(code, 2, revision)
    t.match(err, /\[REVISION_UNKNOWN\]\n {7}Is it fetched\?/, revision)
  }
  t.match(await repository.plan(), { code: 2, err: /--base <revision>/ })
  const { signal } = new AbortController()
  await t.rejects(readGitTree('/', 'HEAD', signal), { code: 'REPOSITORY_MISSING' })
  await t.rejects(readGitTree(join(repository.dir, 'none'), 'HEAD', signal), { code: 'REPOSITORY_MISSING' })
  const path = process.env.PATH
  t.teardown(() => {
    process.env.PATH = path
  })
  process.env.PATH = join(repository.dir, 'none')
  await t.rejects(readGitTree(repository.dir, 'HEAD', signal), { code: 'GIT_MISSING' })
})

t.test('the command needs no environment but PATH', async (t) => {
  const repository = createRepository(t)
  repository.copySmall()
  repository.commit()
  repository.edit(eod, (text) => text.replace('30 18', '0 19'))
  const args = [join(root, 'engine/main.ts'), 'plan', repository.dir, '--base', 'HEAD']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
  })
  t.equal(status, 0, stderr)
  t.match(stdout, /^changed {2}acme\/eod\n {2}~ schedule weekdays moves/)
})

t.test('what a partial clone lacks is not fetched, and the repository starts no program', async (t) => {
  const repository = createRepository(t)
  repository.copySmall()
  repository.commit()
  const trapped = join(repository.top, 'trapped')
  const trap = join(repository.top, 'trap.sh')
  writeFileSync(trap, `#!/bin/sh\ntouch '${trapped}'\n`, { mode: 0o755 })
  const object = repository.git('rev-parse', `HEAD:${eod}`).trim()
  rmSync(join(repository.top, '.git/objects', object.slice(0, 2), object.slice(2)))
  for (const [key, value] of [
    ['core.repositoryformatversion', '1'],
    ['extensions.partialClone', 'origin'],
    ['remote.origin.promisor', 'true'],
    ['remote.origin.url', repository.top],
    ['remote.origin.uploadpack', trap],
    ['core.fsmonitor', trap],
  ] as const) {
    repository.git('config', key, value)
  }
  t.match(await repository.plan('--base', 'HEAD'), { code: 2, err: /\[GIT_FAILED\]/ })
  t.equal(existsSync(trapped), false)
})
