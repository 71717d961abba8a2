/**
 * Import it for its effect: child processes get exactly the environment that they are given. Otherwise tap adds its own
 * hooks to every child, also to those that run locked down without the right to read them.
 */
import processOnSpawn from 'process-on-spawn'

processOnSpawn.addListener((child: { env: NodeJS.ProcessEnv }) => {
  const { NODE_OPTIONS: _, ...env } = child.env
  child.env = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('_TAPJS_')))
})
