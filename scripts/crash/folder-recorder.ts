/** Watches target folders by inotify: each new file behind a final name is a publish, and must be whole when it appears. */
import { type FSWatcher, lstatSync, mkdirSync, readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import { hashOf, isTemporary, type ServerRecord } from './record.ts'

/** Watches `<root>/<name>` for each name, made now. `forget` ends it. */
export function watchFolders(root: string, names: string[], record: ServerRecord): { forget(): void } {
  const watchers: FSWatcher[] = []
  for (const name of names) {
    const folder = join(root, name)
    mkdirSync(folder, { recursive: true })
    const seen = new Map<string, number>()
    const look = (file: string): void => {
      try {
        const { ino } = lstatSync(join(folder, file))
        const bytes = readFileSync(join(folder, file))
        // Another inode under the same name: it was published again.
        if (seen.get(file) !== ino)
          record.publishes.push({
            target: 'folder',
            path: `${name}/${file}`,
            sha256: hashOf(bytes),
            size: bytes.length,
          })
        seen.set(file, ino)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
        if (seen.has(file)) record.faults.push(`folder: ${name}/${file} was removed`)
      }
    }
    watchers.push(
      watch(folder, (event, file) => {
        if (file === null || isTemporary(file)) return
        // What has its final name is complete: nobody writes into it.
        if (event === 'change' && seen.has(file)) {
          const { size, sha256 } = record.publishes.findLast((each) => each.path === `${name}/${file}`)!
          const bytes = readFileSync(join(folder, file))
          if (bytes.length !== size || hashOf(bytes) !== sha256)
            record.faults.push(`folder: ${name}/${file} was changed under its final name`)
        }
        look(file)
      }),
    )
  }
  return {
    forget() {
      for (const watcher of watchers) watcher.close()
    },
  }
}
