/** Points around each SFTP request that changes something: before it, when it was handed over, after its answer. */
import { createRequire } from 'node:module'
import { plain } from './points-name.mjs'

const { SFTP } = createRequire(import.meta.url)('ssh2/lib/protocol/SFTP.js')
const onHandles = ['write', 'close', 'fsetstat', 'ext_openssh_fsync']
const onPaths = ['open', 'rename', 'ext_openssh_rename', 'setstat', 'unlink', 'mkdir', 'rmdir']

export function watchSftp(reach) {
  const paths = new Map()
  const wrap = (name, placeOf) => {
    const original = SFTP.prototype[name]
    SFTP.prototype[name] = function (...args) {
      const place = placeOf(args)
      const done = args.at(-1)
      if (place === undefined || typeof done !== 'function') return original.apply(this, args)
      const label = `sftp.${name} ${place}`
      reach(`${label} before`)
      args[args.length - 1] = (error, ...answer) => {
        reach(`${label} answered`)
        // Numbers of handles come again, each for another file.
        if (name === 'open' && !error) paths.set(answer[0].toString('hex'), place)
        if (name === 'close') paths.delete(args[0].toString('hex'))
        done(error, ...answer)
      }
      const value = original.apply(this, args)
      reach(`${label} sent`)
      return value
    }
  }
  for (const name of onHandles) wrap(name, ([handle]) => paths.get(handle.toString('hex')))
  for (const name of onPaths)
    wrap(name, ([first, second]) => {
      if (name === 'open' && second === 'r') return undefined
      return plain(/rename/.test(name) ? second : first)
    })
}
