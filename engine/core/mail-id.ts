/** Message-IDs of jobs' mails: each tells which delivery it is of, so that a mail that comes back is known again. */

/** What a delivery's id and its mail's Message-ID are digests of. */
export function deliveryKey(runId: string, step: string, target: string): string {
  return JSON.stringify([runId, step, target])
}

/** `digest` is the sha256 of the delivery's key as hex, whose first 16 digits are the delivery's id. */
export function mailIdOf(digest: string, domain: string): string {
  return `<${digest.slice(0, 32)}@${domain}>`
}

/** The delivery that a Message-ID may be of, and the digits to hold its key against; undefined for any other. */
export function readMailId(messageId: string): { delivery: string; digits: string } | undefined {
  const digits = /^<([0-9a-f]{32})@[^<>@\s]+>$/.exec(messageId)?.[1]
  return digits === undefined ? undefined : { delivery: digits.slice(0, 16), digits }
}
