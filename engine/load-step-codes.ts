/** Loads the code of step types of operators' own: only what the engine's own command line names. */
import { createRequire } from 'node:module'
import { isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { CustomStepCode } from './core/contracts/step.ts'
import { JobsdError } from './core/errors.ts'

/**
 * Loads modules by path or package name, from the current folder. The default export of each is one step type or a
 * list of them. Throws BAD_REQUEST, which names the module, for one that cannot be loaded or exports something else.
 */
export async function loadStepCodes(modules: readonly string[]): Promise<CustomStepCode[]> {
  const codes: CustomStepCode[] = []
  for (const module of modules) {
    for (const code of await loadModule(module)) {
      if (codes.some(({ name }) => name === code.name)) {
        throw refuse(module, `another module has the step type "${code.name}" already`)
      }
      codes.push(code)
    }
  }
  return codes
}

async function loadModule(module: string): Promise<CustomStepCode[]> {
  const loaded: { default?: unknown } = await import(locate(module)).catch((cause: unknown) => {
    throw refuse(module, cause instanceof Error ? cause.message : String(cause), cause)
  })
  const exported = [loaded.default].flat()
  if (exported.length === 0 || !exported.every(isCode)) {
    throw refuse(module, 'its default export is not { name, run }, or a list of such')
  }
  return exported
}

function locate(module: string): string {
  if (/^\.{0,2}[/\\]/.test(module) || isAbsolute(module)) return pathToFileURL(resolve(module)).href
  try {
    return pathToFileURL(createRequire(resolve('package.json')).resolve(module)).href
  } catch (cause) {
    throw refuse(module, 'no package of that name is installed here; a file begins with ./ or /', cause)
  }
}

function isCode(exported: unknown): exported is CustomStepCode {
  const { name, run } = Object(exported) as Record<string, unknown>
  return typeof name === 'string' && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && typeof run === 'function'
}

function refuse(module: string, reason: string, cause?: unknown): JobsdError {
  return new JobsdError('BAD_REQUEST', { reason: `--steps ${module}: ${reason}` }, { cause })
}
