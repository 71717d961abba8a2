import '../../fakes/clean-children.ts'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '../../..')

t.test('the pages that were written are told as paths, or as one JSON document', async (t) => {
  const out = t.testdir()
  const write = (...args: string[]) => {
    const command = [
      'engine/main.ts',
      'catalog',
      'test/manifests/ok/small',
      '--out',
      out,
      '--data',
      join(out, 'none'),
    ]
    const child = spawnSync(process.execPath, [...command, ...args], { cwd: root, encoding: 'utf8' })
    t.equal(child.status, 0, child.stderr)
    return child.stdout
  }
  const path = join(out, 'acme/index.html')
  t.equal(write(), `${path}\n`)
  t.ok(existsSync(path))
  t.same(JSON.parse(write('--json')), { sites: [{ client: 'acme', path }] })
})
