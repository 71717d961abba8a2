/** argv → command → exit code; the only process.exit. */
const needed = [22, 22] as const
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  console.error(
    `jobsd needs Node >= ${needed.join('.')}; this is ${process.versions.node}. Use \`npx jobsd\`, which brings its own.`,
  )
  process.exit(2)
}

const { keepCompiledCode } = await import('./compile-cache.ts')
keepCompiledCode()
// Only now: native modules of a newer Node end an older one without a word.
const { main } = await import('./app.ts')
process.exit(await main(process.argv.slice(2)))
