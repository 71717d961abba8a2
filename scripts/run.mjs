// `node scripts/run.mjs FILE [ARGS]`: what npm's scripts call.
// Like scripts/launch it is plain JavaScript for any Node >= 18, since it decides which Node runs the rest.
import { normalize } from 'node:path'
import { launch } from './launch/launch.mjs'

const [file, ...args] = process.argv.slice(2)
if (!file) {
  console.error('usage: node scripts/run.mjs FILE [ARGS]')
  process.exit(2)
}
await launch(normalize(file), args)
