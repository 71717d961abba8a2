/** A text without what differs from run to run: ids, digests, moments. */
export function plain(text) {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>')
    .replace(/\b[0-9a-f]{64}\b/g, '<sha256>')
    .replace(/\b(?:[0-9a-f]{23}|[0-9a-f]{16})\b/g, '<id>')
    .replace(/\b[0-9a-f]{2}\/(?=<sha256>)/g, '')
    .replace(/artifacts\/[0-9a-f]{2}$/, 'artifacts/<xx>')
    .replace(/\.work-\w+(\/report-\w+)?/g, '.work')
    .replace(/_20\d{12}/g, '_<moment>')
}
