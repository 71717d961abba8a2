/** What deliveries of files may have left at their targets. */
import type { Delivery, Instant, Sha256 } from '../model.ts'

/** When the runs ended that are asked about: from that moment on, and before that one. */
export interface EndedWindow {
  from: Instant
  before: Instant
}

/** A delivery of an ended run to an SFTP server or a folder, which may have left its temporary file there. */
export interface LeftDelivery extends Pick<Delivery, 'id' | 'runId' | 'target'> {
  /** Of its run. */
  snapshot: Sha256
}
