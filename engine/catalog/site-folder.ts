/** A folder of the engine's machine as the place of the clients' sites. */
import { access, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { JobsdError } from '../core/errors.ts'
import type { SiteTarget } from './publisher.ts'
import { writeSite } from './site.ts'

/**
 * Each client has a folder of its name in it. The first site appears as a whole, by one rename; later each page is
 * replaced by one, the list last. Throws SITE_FAILED.
 */
export function createSiteFolder(root: string): SiteTarget {
  return {
    async write(client, pages, isWhole) {
      const folder = join(root, client)
      if (!isWhole || (await isThere(folder))) return writeSite(folder, pages, { isWhole })
      const hidden = join(root, `.${client}.new`)
      try {
        await rm(hidden, { recursive: true, force: true })
        const written = await writeSite(hidden, pages)
        await rename(hidden, folder)
        return written
      } catch (error) {
        // What stays is removed before the next try.
        await rm(hidden, { recursive: true, force: true }).catch(() => undefined)
        const { code } = error as NodeJS.ErrnoException
        if (error instanceof JobsdError || code === undefined) throw error
        throw new JobsdError('SITE_FAILED', { folder, reason: code }, { cause: error })
      }
    },
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
