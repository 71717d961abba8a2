#!/usr/bin/env node
// `npx jobsd` in a checkout: the command line under a new enough Node.
import { engineFile, launch } from './launch/launch.mjs'

await launch(engineFile, process.argv.slice(2))
