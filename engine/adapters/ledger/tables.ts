/** The ledger's tables as Kysely sees them. Text for instants and JSON, 0 | 1 for booleans, '' for "the whole client": portable. */
export interface Tables {
  revision: { id: string; attempted: string; applied: string | null; at: string }
  job: {
    id: string
    client: string
    snapshot: string | null
    applied_revision: string | null
    attempted_revision: string
    sync: string
    message: string
    first_applied_at: string | null
    removed_at: string | null
  }
  snapshot: { digest: string; job: string; body: string; created_at: string }
  job_version: { job: string; sync: number; revision: string; snapshot: string; at: string }
  operators: { id: string; body: string }
  sync: {
    seq: number
    revision: string | null
    outcome: string
    reason: string
    message: string
    counts: string
    commit_facts: string | null
    started_at: string
    ended_at: string
    duration_ms: number
    times: number
  }
  hold: { job: string; kind: string; pin: string | null; who: string; why: string; at: string }
  action: { seq: number; name: string; subject: string; who: string; why: string; at: string }
  schedule: { job: string; name: string; digest: string; since: string }
  due: {
    job: string
    type: string
    key: string
    slot: string
    /** Of a dropped file: its path at its connection. */
    path: string | null
    body: string
    created_at: string
    /** Since when it cannot come again by itself; null while a file may still lie where it was posted. */
    gone_at: string | null
  }
  slot: {
    job: string
    schedule: string
    at: string
    call_center: string
    outcome: string
    note: string
    run_id: string | null
  }
  event: {
    client: string
    source: string
    id: string
    type: string
    body: string
    body_sha256: string
    received_at: string
    run_ids: string
    /** '' of those recorded before outcomes were. */
    outcome: string
    note: string
  }
  run: {
    id: string
    job: string
    client: string
    call_center: string
    state: string
    trigger_type: string
    trigger_key: string
    slot: string
    schedule: string | null
    event: string | null
    /** JSON of RunParameters. */
    parameters: string | null
    /** Of a fan-out's row: the run that asked for the rows. */
    parent_run: string | null
    row_key: string | null
    row_fault: string | null
    snapshot: string
    revision: string
    position: string | null
    token: number
    dry_run: number
    /** Of a run that took its slot over from another one: the days off that it covers besides its own. */
    skipped_days: number | null
    /** JSON of a RunOrigin. */
    origin: string | null
    /** The run that it repeats, once more, to be found by. */
    origin_run: string | null
    /** Why it ended other than by its steps. */
    note: string
    /** '' where runs of the job are not limited. */
    group_name: string
    group_limit: number
    created_at: string
    started_at: string | null
    ended_at: string | null
  }
  step: {
    run_id: string
    seq: number
    name: string
    type: string
    outcome: string
    attempts: number
    note: string
    error: string | null
    next: string | null
    started_at: string
    ended_at: string | null
  }
  run_file: { run_id: string; step: string; ordinal: number; sha256: string; body: string }
  delivery: {
    id: string
    run_id: string
    step: string
    target: string
    artifact: string | null
    state: string
    note: string
    at: string
  }
  alert: {
    id: string
    /** '' where it is about no run. */
    run_id: string
    kind: string
    body: string
    /** See AlertRecipients. */
    route: string
    /** JSON of addresses; null: those of the route in force. */
    recipients: string | null
    state: string
    created_at: string
    ended_at: string | null
  }
  /** Failures in a row, until one run ends well; of a step whose runs go on without it, '' for the runs themselves. */
  streak: {
    job: string
    call_center: string
    step: string
    failures: number
    since: string
    last_run: string
  }
  /** See SeenRecord; `body` is JSON of what nothing is looked for by. */
  dropped_file: {
    job: string
    key: string
    connection: string
    folder: string
    path: string
    sha256: string | null
    outcome: string
    note: string
    /** Of what started a run; '' otherwise. */
    due_key: string
    body: string
    target: string | null
    settled: string | null
    at: string
    /** Since when it lies in its folder no more. */
    gone_at: string | null
  }
  /** See BounceRecord; '' for what is null there. */
  bounce: {
    id: string
    at: string
    connection: string
    source: string
    outcome: string
    reason: string
    message_id: string
    recipient: string
    action: string
    status: string
    diagnostic: string
    run_id: string
    job: string
    step: string
  }
  /** See ReturnedRecipient. */
  returned_recipient: {
    connection: string
    address: string
    client: string
    count: number
    first_at: string
    last_at: string
    status: string
    diagnostic: string
  }
  /** Sent, or about to be; `recipients` is JSON. */
  alert_mail: { message_id: string; connection: string; recipients: string; at: string }
  /** One row, written to find out whether anything can be. */
  probe: { id: string; at: string }
  /** The moments of `expectBy` that were looked at; one without `ended_at` is late or missing still. */
  expectation: { job: string; at: string; outcome: string; note: string; ended_at: string | null }
}
