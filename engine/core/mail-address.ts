/** One address, nothing that a mail header or envelope could read as more. */
export function isPlainAddress(text: string): boolean {
  const [local, domain, ...more] = text.split('@')
  if (!local || !domain || more.length > 0 || local.length > 64 || text.length > 254) return false
  // Mail programs decode what looks like an encoded word, and then show another address, or none.
  if (text.includes('=?')) return false
  if (!/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/.test(local)) return false
  const labels = domain.split('.')
  return (
    labels.length > 1 && labels.every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label))
  )
}

/** Masks a text that holds an address, such as a row's key: `j***@acme.example`. Any other stays as it is. */
export function maskAddress(text: string): string {
  const at = text.lastIndexOf('@')
  return at < 0 ? text : `${Array.from(text.slice(0, at))[0] ?? ''}***${text.slice(at)}`
}

/** The domain of an address, lower case. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}
