/** The engine's parts from any folder, so that the harness can also look at a copy in which a guard is missing. */
import { join } from 'node:path'

export const engineFolder = join(import.meta.dirname, '../../engine')

/** Imports what the harness puts together; `folder` is an engine folder beside templates, schemas and node_modules. */
export async function loadEngine(folder: string) {
  const from = (path: string) => import(join(folder, path))
  const [runtime, ledger, queue, endpoints, artifacts, source, vouch, triggers, data, errors] =
    await Promise.all([
      from('runtime/engine.ts') as Promise<typeof import('../../engine/runtime/engine.ts')>,
      from('adapters/ledger/sqlite.ts') as Promise<typeof import('../../engine/adapters/ledger/sqlite.ts')>,
      from('adapters/local-queue.ts') as Promise<typeof import('../../engine/adapters/local-queue.ts')>,
      from('adapters/endpoints.ts') as Promise<typeof import('../../engine/adapters/endpoints.ts')>,
      from('adapters/artifact-folder.ts') as Promise<
        typeof import('../../engine/adapters/artifact-folder.ts')
      >,
      from('adapters/git-source.ts') as Promise<typeof import('../../engine/adapters/git-source.ts')>,
      from('adapters/git-vouch.ts') as Promise<typeof import('../../engine/adapters/git-vouch.ts')>,
      from('triggers/index.ts') as Promise<typeof import('../../engine/triggers/index.ts')>,
      from('adapters/data-folder.ts') as Promise<typeof import('../../engine/adapters/data-folder.ts')>,
      from('core/errors.ts') as Promise<typeof import('../../engine/core/errors.ts')>,
    ])
  return {
    ...runtime,
    ...ledger,
    ...queue,
    ...endpoints,
    ...artifacts,
    ...source,
    ...vouch,
    ...triggers,
    ...data,
    ...errors,
  }
}

export type LoadedEngine = Awaited<ReturnType<typeof loadEngine>>
