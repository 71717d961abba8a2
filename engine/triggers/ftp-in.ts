import type { TriggerType } from '../core/contracts/trigger.ts'
import { describeError } from './background.ts'
import { oldWatchesEnd, rememberWatches } from './drop-handover.ts'
import { tellStrays } from './drop-strays.ts'
import { watchDropFolder } from './drop-watch.ts'

/** Runs a job for the files that were posted to its drop folders, once their bytes are safe in the artifact store. */
export const ftpInTrigger: TriggerType<'ftp-in'> = {
  type: 'ftp-in',
  title: 'FTPin',
  watch(trigger, snapshot, host, signal) {
    const inTurn = createTurns()
    const before = oldWatchesEnd(host, snapshot)
    const watches = trigger.folders.map((folder) =>
      watchDropFolder(folder, snapshot, host, inTurn, signal, before),
    )
    rememberWatches(host, snapshot, watches, before, signal)
    before
      .then(() => tellStrays(snapshot.job, trigger.folders, host))
      .catch((error: unknown) => {
        host.log.error({ job: snapshot.job, ...describeError(error) }, 'cannot tell of files left behind')
      })
    // Primed from the start: a file that lies in the folder is found by the first poll.
    return Promise.resolve()
  },
}

/** Runs what it is given one after the other. */
export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
}
