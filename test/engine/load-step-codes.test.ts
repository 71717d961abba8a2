import { join } from 'node:path'
import { chdir, cwd } from 'node:process'
import t from 'tap'
import { loadStepCodes } from '../../engine/load-step-codes.ts'

const folder = t.testdir({
  'scan.mjs': "export default { name: 'scan', run: async () => ({ ok: true }) }",
  'two.mjs': "export default ['a', 'b'].map((name) => ({ name, run: async () => ({ ok: true }) }))",
  'broken.mjs': 'export default {',
  'throws.mjs': "throw new Error('no licence')",
  'nothing.mjs': 'export const run = 1',
  'odd.mjs': "export default { name: 'Not A Name', run() {} }",
  node_modules: {
    'acme-steps': {
      'package.json': JSON.stringify({ name: 'acme-steps', type: 'module', exports: './index.js' }),
      'index.js': "export default { name: 'archive', run: async () => ({ ok: true }) }",
    },
  },
})

t.before(() => {
  const before = cwd()
  chdir(folder)
  t.teardown(() => chdir(before))
})

t.test('modules are files or packages that are installed here, with one step type or several', async (t) => {
  const names = async (...modules: string[]) => (await loadStepCodes(modules)).map(({ name }) => name)
  t.same(await names(), [])
  t.same(await names('./scan.mjs', join(folder, 'two.mjs'), 'acme-steps'), ['scan', 'a', 'b', 'archive'])
})

t.test('a module that is none is refused by name', async (t) => {
  const refused: [string[], RegExp][] = [
    [['./missing.mjs'], /^--steps \.\/missing\.mjs: Cannot find module/],
    [['./broken.mjs'], /^--steps \.\/broken\.mjs: /],
    [['./throws.mjs'], /^--steps \.\/throws\.mjs: no licence$/],
    [['./nothing.mjs'], /default export is not \{ name, run \}/],
    [['./odd.mjs'], /default export is not \{ name, run \}/],
    [['scan.mjs'], /^--steps scan\.mjs: no package of that name is installed here; a file begins with/],
    [['./scan.mjs', './scan.mjs?again'], /missing|Cannot find/],
    [['./two.mjs', './scan.mjs', './two.mjs'], /two\.mjs: another module has the step type "a" already/],
  ]
  for (const [modules, message] of refused)
    await t.rejects(loadStepCodes(modules), { code: 'BAD_REQUEST', message }, modules.join(' '))
})
