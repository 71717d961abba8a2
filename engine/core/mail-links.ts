/**
 * Where the files of a mail lie that go as links, under the connection's prefix: apart by run and step, since the same
 * name may come again.
 */
export function mailLinkFolder(job: string, runId: string, step: string): string {
  return `mail/${job}/${runId}/${step}/`
}
