import '../fakes/clean-children.ts'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { parse } from 'yaml'
import { planMarker } from '../../engine/cli/plan-markdown.ts'

const folder = join(import.meta.dirname, '../../scripts/ci')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')

interface Workflow {
  permissions: unknown
  jobs: Record<string, { permissions?: unknown; steps: { uses?: string; run?: string }[] }>
}

t.test('the workflow that works on the pull request has no permission and no secret', async (t) => {
  const source = read('github-plan.yml')
  const { permissions, jobs } = parse(source) as Workflow
  t.same(permissions, {})
  t.equal(jobs.plan?.permissions, undefined)
  t.notMatch(source, /secrets\.|github\.token|pull_request_target/)
  t.match(source, 'persist-credentials: false')
  for (const command of ['validate', 'plan', 'test', 'preview']) t.match(source, `jobsd ${command} `)
})

t.test('the workflow that posts the comment checks nothing out and may only write comments', async (t) => {
  const source = read('github-plan-comment.yml')
  const { permissions, jobs } = parse(source) as Workflow
  t.same(permissions, {})
  t.same(jobs.comment?.permissions, { actions: 'read', 'pull-requests': 'write' })
  t.same(
    jobs.comment?.steps.filter(({ uses }) => uses),
    [],
  )
  t.match(source, `MARKER: "${planMarker}"`)
})

t.test('workflows put no expression into a script and pin what they use', async (t) => {
  for (const name of ['github-plan.yml', 'github-plan-comment.yml']) {
    const steps = Object.values((parse(read(name)) as Workflow).jobs).flatMap((job) => job.steps)
    for (const { uses, run } of steps) {
      if (uses !== undefined) t.match(uses, /@[0-9a-f]{40}$/)
      if (run === undefined) continue
      t.notMatch(run, '${{', `${name}: text of a pull request would become part of the script`)
      t.equal(spawnSync('sh', ['-n'], { input: run }).status, 0, 'the script can be read')
    }
  }
})

t.test('the GitLab comment takes plans as data: posted once, renewed, refused where forged', async (t) => {
  const plan = (words: string) => `${planMarker}\n\n${words}\n`
  const requests: Record<string, { files: string[]; plan: string; note?: string }> = {
    1: { files: ['jobs.d/acme/eod.yaml'], plan: plan('new') },
    2: { files: ['jobs.d/acme/eod.yaml'], plan: plan('newer'), note: plan('old') },
    3: { files: ['.gitlab-ci.yml'], plan: plan('forged') },
    4: { files: ['jobs.d/acme/eod.yaml'], plan: 'no marker' },
    5: { files: ['jobs.d/acme/eod.yaml'], plan: plan('x'.repeat(66_000)) },
    6: { files: ['jobs.d/acme/eod.yaml'], plan: plan('same'), note: plan('same') },
  }
  const written: string[] = []
  const answer = (path: string): unknown => {
    const [, iid = ''] = /\/(?:merge_requests|pipelines|jobs)\/(\d)/.exec(path) ?? []
    const { files = [], plan: words = '', note } = requests[iid] ?? {}
    if (path === '/user') return { id: 7 }
    if (path === '/projects/5/merge_requests') {
      return Object.keys(requests).map((each) => ({ iid: Number(each), sha: `sha${each}` }))
    }
    if (path.endsWith('/diffs')) return files.map((file) => ({ old_path: file, new_path: file }))
    if (path.endsWith('/pipelines')) return [{ id: iid, sha: `sha${iid}`, source: 'merge_request_event' }]
    if (path.endsWith('/jobs')) return [{ id: iid, name: 'jobsd-plan', finished_at: 'now' }]
    if (path.endsWith('/plan.md')) return words
    const others = { id: 8, author: { id: 9 }, body: plan('of somebody else') }
    return [others, ...(note ? [{ id: 70, author: { id: 7 }, body: note }] : [])]
  }
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://local').pathname
    if (request.method !== 'GET') {
      const { body } = JSON.parse(await text(request))
      written.push(`${request.method} ${path} ${body.split('\n')[2]}`)
    }
    const found = request.method === 'GET' ? answer(path) : {}
    response.end(typeof found === 'string' ? found : JSON.stringify(found))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const child = spawn(process.execPath, [join(folder, 'gitlab-comment.mjs')], {
    env: { CI_API_V4_URL: `http://127.0.0.1:${port}`, CI_PROJECT_ID: '5', JOBSD_COMMENT_TOKEN: 'token' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [told, code] = await Promise.all([
    text(child.stderr),
    new Promise((resolve) => child.once('exit', resolve)),
  ])
  t.equal(code, 0, told)
  t.same(written, [
    'POST /projects/5/merge_requests/1/notes new',
    'PUT /projects/5/merge_requests/2/notes/70 newer',
  ])
})
