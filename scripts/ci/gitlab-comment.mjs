/**
 * Posts the plan of every open merge request as one comment, and renews it. For a scheduled pipeline of the protected
 * default branch: it reads plans by the API as data and runs nothing of a merge request.
 */
const {
  CI_API_V4_URL: api,
  CI_PROJECT_ID: project,
  CI_DEFAULT_BRANCH: branch = 'main',
  JOBSD_COMMENT_TOKEN: token,
} = process.env
const marker = '<!-- jobsd-plan -->'
const maxCharacters = 65_000

if (!api || !project || !token)
  throw new Error('CI_API_V4_URL, CI_PROJECT_ID and JOBSD_COMMENT_TOKEN are needed')
const root = `${api}/projects/${encodeURIComponent(project)}`

async function call(path, { method = 'GET', body } = {}) {
  const response = await fetch(`${root}${path}`, {
    method,
    headers: { 'PRIVATE-TOKEN': token, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (response.status === 404 && method === 'GET') return undefined
  if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}`)
  return response
}

async function list(path) {
  const all = []
  for (let page = 1; page <= 50; page++) {
    const separator = path.includes('?') ? '&' : '?'
    const some = await (await call(`${path}${separator}per_page=100&page=${page}`))?.json()
    all.push(...(some ?? []))
    if (!some || some.length < 100) return all
  }
  return all
}

/** The plan for the merge request's newest commit; undefined where there is none that may be posted. */
async function readPlan(request) {
  const changes = await list(`/merge_requests/${request.iid}/diffs`)
  const isPipelineChanged = changes.some(({ old_path, new_path }) =>
    [old_path, new_path].some((path) => /(^|\/)\.gitlab-ci\.yml$|^\.gitlab\/|^scripts\/ci\//.test(path)),
  )
  // Who changes the pipeline can forge what it leaves behind.
  if (isPipelineChanged) return undefined
  const pipelines = await list(`/merge_requests/${request.iid}/pipelines`)
  const pipeline = pipelines.find(
    ({ sha, source }) => sha === request.sha && source === 'merge_request_event',
  )
  if (!pipeline) return undefined
  const jobs = await list(`/pipelines/${pipeline.id}/jobs`)
  const job = jobs.find(({ name, finished_at }) => name === 'jobsd-plan' && finished_at)
  const text = job && (await (await call(`/jobs/${job.id}/artifacts/jobsd/plan.md`))?.text())
  const isFit = text && text.split('\n', 1)[0] === marker && text.length <= maxCharacters
  return isFit ? text : undefined
}

const { id: self } = await (await fetch(`${api}/user`, { headers: { 'PRIVATE-TOKEN': token } })).json()
for (const request of await list(
  `/merge_requests?state=opened&target_branch=${encodeURIComponent(branch)}`,
)) {
  const body = await readPlan(request)
  if (!body) {
    console.log(`!${request.iid}: nothing to post`)
    continue
  }
  const notes = await list(`/merge_requests/${request.iid}/notes`)
  const own = notes.find((note) => note.author.id === self && note.body.startsWith(marker))
  if (own?.body.trim() === body.trim()) continue
  const path = `/merge_requests/${request.iid}/notes${own ? `/${own.id}` : ''}`
  await call(path, { method: own ? 'PUT' : 'POST', body: { body } })
  console.log(`!${request.iid}: ${own ? 'renewed' : 'posted'}`)
}
