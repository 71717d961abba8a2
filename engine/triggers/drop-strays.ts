import type { TriggerHost } from '../core/contracts/trigger.ts'
import type { DropFolder } from '../core/manifest.ts'
import type { JobId } from '../core/model.ts'

/**
 * Tells the operators of files that were being taken when their folder was left out of the job: they lie out of sight
 * there, and nobody comes back for them.
 */
export async function tellStrays(
  job: JobId,
  folders: readonly DropFolder[],
  { drops }: Pick<TriggerHost, 'drops'>,
): Promise<void> {
  for (const { key, connection, folder, path, size, lies } of await drops.everyClaim()) {
    const isWatched = folders.some(
      (watched) => watched.connection === connection && watched.path.replace(/\/+$/, '') === folder,
    )
    if (isWatched) continue
    await drops.tell(`drop-stray ${job} ${key}`, {
      title: `a posted file of ${job} was left behind`,
      message: `${path} (${size} bytes) was being taken when its folder was left out of the job: it started no run.`,
      facts: [
        { name: 'job', value: job },
        { name: 'file', value: `${connection}:${path}` },
        { name: 'lies at', value: `${connection}:${lies}` },
      ],
      list: [],
      next: 'Move it to a folder that the job watches now. Where it does not lie there, it was not moved yet, and lies under its own name.',
    })
  }
}
