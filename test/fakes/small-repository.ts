import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'

const small = join(import.meta.dirname, '../manifests/ok/small')

/** A copy of the small config repository that is gone after the test, with files written or changed. */
export function copySmall(t: Test, edits: Record<string, string | ((text: string) => string)> = {}): string {
  const dir = join(t.testdir({}), 'config')
  cpSync(small, dir, { recursive: true })
  for (const [path, edit] of Object.entries(edits)) {
    const file = join(dir, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof edit === 'string' ? edit : edit(readFileSync(file, 'utf8')))
  }
  return dir
}

/** A test file of its job `eod`. */
export function testFile(tests: string): string {
  return `apiVersion: jobsd/v1\nkind: JobTest\nname: eod\ntests:\n${tests}`
}
