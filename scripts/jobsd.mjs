#!/usr/bin/env node
// `npx jobsd` in a checkout: the command line under a new enough Node.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const { status } = spawnSync(
  process.execPath,
  [join(here, 'run.mjs'), join('engine', 'main.ts'), ...process.argv.slice(2)],
  { stdio: 'inherit' },
)
process.exitCode = status ?? 2
