import type { SFTPWrapper } from 'ssh2'

const answers = ['status', 'handle', 'data', 'name', 'attrs'] as const

/**
 * A server's channel on which all that the protocol leaves open goes against the client: answers come out of order,
 * and a read brings half of what was asked for.
 */
export function disorder(sftp: SFTPWrapper): SFTPWrapper {
  const held: (() => void)[] = []
  const flush = () => {
    for (const send of held.splice(0).reverse()) send()
  }
  const later = (send: () => void) => {
    held.push(send)
    if (held.length === 1) setImmediate(() => setImmediate(flush))
  }
  return new Proxy(sftp, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown
      if (typeof value !== 'function') return value
      const call = value.bind(target) as (...given: unknown[]) => unknown
      if (!answers.some((answer) => answer === name)) return call
      return (request: number, ...rest: unknown[]) => {
        const [bytes] = rest
        const part = name === 'data' && Buffer.isBuffer(bytes) ? [halve(bytes)] : rest
        later(() => call(request, ...part))
      }
    },
  })
}

function halve(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(0, Math.ceil(bytes.length / 2)))
}
