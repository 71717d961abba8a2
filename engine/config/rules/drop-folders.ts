/** The rule about drop folders: a posted file starts one job. */
import { completeBy } from '../../core/drop-rules.ts'
import { connectionsInPlace } from '../../core/files-in-place.ts'
import type { DropFolder, Job } from '../../core/manifest.ts'
import type { JobId } from '../../core/model.ts'
import { checkTokens } from '../../core/tokens.ts'
import { jobFile } from '../layout.ts'
import { placeOf, placeWithin } from '../places.ts'
import { jobRule, type Rule } from './rule.ts'

const watchedTwice: Rule = {
  name: 'drop-folder-shared',
  check(manifests, report) {
    const known = new Map<string, { job: JobId; folder: DropFolder }[]>()
    for (const [job, document] of manifests.jobs) {
      const { enabled, trigger } = document.value
      if (enabled === false || trigger.type !== 'ftp-in') continue
      trigger.folders.forEach((folder, index) => {
        const key = `${folder.connection}:${trimmed(folder.path)}`
        const watchers = known.get(key) ?? []
        known.set(key, [...watchers, { job, folder }])
        const other = watchers.find((watcher) => shareNames(watcher.folder, folder))
        // Two such jobs of one client are told by `one-per-client`.
        if (!other || (other.job !== job && other.job.split('/')[0] === job.split('/')[0])) return
        const who = other.job === job ? 'this job' : jobFile(other.job)
        const message = `${who} watches this folder already, so that a file would start two runs; watch another one, or take other names by "match"`
        report(placeOf(document, `/trigger/folders/${index}/path`), message)
      })
    }
  },
}

/** Whether two folders' patterns plainly take the same names. */
function shareNames(a: DropFolder, b: DropFolder): boolean {
  const [ofA, ofB] = [a.match ?? ['*'], b.match ?? ['*']]
  return ofA.includes('*') || ofB.includes('*') || ofA.some((pattern) => ofB.includes(pattern))
}

const fedMessage =
  'the job watches this folder itself, so that each file it puts there starts the next run; name another folder'

const feedsItself = jobRule('drop-folder-fed', (document, report) => {
  const { trigger, steps } = document.value
  if (trigger.type !== 'ftp-in') return
  trigger.folders.forEach((folder, index) => {
    for (const key of ['archive', 'error'] as const) {
      const isFed = (other: DropFolder) =>
        folder[key] !== undefined &&
        other.connection === folder.connection &&
        trimmed(other.path) === trimmed(folder[key])
      if (trigger.folders.some(isFed))
        report(placeOf(document, `/trigger/folders/${index}/${key}`), fedMessage)
    }
  })
  steps.forEach((step, index) => {
    if (step.type !== 'move-file' && step.type !== 'ftp-out-copy') return
    const connections =
      step.type === 'move-file' ? connectionsInPlace(step, document.value) : [step.connection]
    const isFed = (folder: DropFolder) =>
      trimmed(folder.path) === trimmed(step.path) && connections.includes(folder.connection)
    if (!trigger.folders.some(isFed)) return
    report(placeOf(document, `/steps/${index}/path`), fedMessage)
  })
})

const knownTokens = ['client', 'job', 'slot', 'runId', 'name', 'ext']

const folderTokens = jobRule('drop-folder-token', (document, report) => {
  const { trigger } = document.value
  if (trigger.type !== 'ftp-in') return
  trigger.folders.forEach((folder, index) => {
    for (const key of ['archive', 'error'] as const) {
      const pointer = `/trigger/folders/${index}/${key}`
      for (const { offset, length, message } of checkTokens(folder[key] ?? '', knownTokens))
        report(placeWithin(document, pointer, offset, length), message)
    }
  })
})

const claimsNowhere = jobRule('drop-folder-claim', (document, report) => {
  const { trigger } = document.value
  if (trigger.type !== 'ftp-in') return
  trigger.folders.forEach(({ claim, archive, error }, index) => {
    if (!claim || (archive !== undefined && error !== undefined)) return
    const message =
      'a claimed file is moved out of sight, and needs somewhere to go whatever becomes of its run; name both "archive" and "error"'
    report(placeOf(document, `/trigger/folders/${index}/claim`), message)
  })
})

/** Keys of drop folders that change nothing beside the others, each with the reason. */
export function idleDropKeys({ trigger }: Job): [pointer: string, reason: string][] {
  if (trigger.type !== 'ftp-in') return []
  return trigger.folders.flatMap((folder, index) => {
    const complete = completeBy(folder)
    const needed: [keyof DropFolder, boolean, string][] = [
      ['polls', complete === 'stable', `with complete "${complete}"; it is for "stable"`],
      ['minAge', complete === 'stable', `with complete "${complete}"; it is for "stable"`],
      ['companion', complete === 'companion', `with complete "${complete}"; it is for "companion"`],
      ['maxFiles', folder.batch === 'batch', 'with one run a file; it is for batch "batch"'],
    ]
    return needed
      .filter(([key, isUsed]) => folder[key] !== undefined && !isUsed)
      .map(([key, , reason]): [string, string] => [`/trigger/folders/${index}/${key}`, reason])
  })
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '')
}

export const dropFolderRules: Rule[] = [watchedTwice, feedsItself, folderTokens, claimsNowhere]
