/** The rule about drop folders: a posted file starts one job. */
import type { DropFolder } from '../../core/manifest.ts'
import type { JobId } from '../../core/model.ts'
import { jobFile } from '../layout.ts'
import { placeOf } from '../places.ts'
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

const feedsItself = jobRule('drop-folder-fed', (document, report) => {
  const { trigger, steps } = document.value
  if (trigger.type !== 'ftp-in') return
  steps.forEach((step, index) => {
    if (step.type !== 'move-file' && step.type !== 'ftp-out-copy') return
    const isFed = (folder: DropFolder) =>
      trimmed(folder.path) === trimmed(step.path) &&
      (step.type === 'move-file' || folder.connection === step.connection)
    if (!trigger.folders.some(isFed)) return
    const message =
      'the job watches this folder itself, so that each file it puts there starts the next run; name another folder'
    report(placeOf(document, `/steps/${index}/path`), message)
  })
})

function trimmed(path: string): string {
  return path.replace(/\/+$/, '')
}

export const dropFolderRules: Rule[] = [watchedTwice, feedsItself]
