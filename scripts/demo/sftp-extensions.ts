/** Extensions of the SFTP protocol on ssh2's server, which knows none. */
import type { SFTPWrapper } from 'ssh2'

const plainVersion = Buffer.from([0, 0, 0, 5, 2, 0, 0, 0, 3])

/** ssh2's server cannot say that it has extensions: its version packet is exchanged on the way out. */
export function announceExtensions(sftp: SFTPWrapper, names: string[]): void {
  const { _protocol: protocol } = sftp as unknown as {
    _protocol: { channelData(channel: number, data: Buffer): void }
  }
  const send = protocol.channelData.bind(protocol)
  const texts = names
    .flatMap((name) => [name, '1'])
    .map((text) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(text.length)
      return Buffer.concat([length, Buffer.from(text)])
    })
  const body = Buffer.concat([plainVersion.subarray(4), ...texts])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  protocol.channelData = (channel, data) =>
    send(channel, data.equals(plainVersion) ? Buffer.concat([length, body]) : data)
}

/** The texts of an extended request, such as its two paths. */
export function readTexts(data: Buffer): string[] {
  const texts: string[] = []
  for (let at = 0; at + 4 <= data.length; ) {
    const length = data.readUInt32BE(at)
    texts.push(data.subarray(at + 4, at + 4 + length).toString('utf8'))
    at += 4 + length
  }
  return texts
}
