/** `HEX`, `HEX  name`, `HEX *name` or `SHA256 (name) = HEX`, as the common tools write it. */
export function readChecksum(text: string, checksum: 'sha256' | 'md5'): string | undefined {
  const digits = checksum === 'sha256' ? 64 : 32
  const [line = ''] = text
    .replace(/^\uFEFF/, '')
    .trimStart()
    .split(/\r?\n/)
  const plain = new RegExp(`^\\\\?([0-9a-f]{${digits}})(\\s|$)`, 'i').exec(line)
  const tagged = new RegExp(`^[A-Z0-9-]+ ?\\(.*\\) ?= ?([0-9a-f]{${digits}})\\s*$`, 'i').exec(line)
  return (plain ?? tagged)?.[1]?.toLowerCase()
}
