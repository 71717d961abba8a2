/** Each guard of the promise, how it is taken away, and which test must notice. */
export interface Mutation {
  guard: string
  /** Exact texts of the engine's source; each must be there once. */
  changes: { file: string; from: string; to: string }[]
  /** A file of tests, or the crash matrix on the points that fit. */
  noticedBy: { test: string } | { points: string }
}

const sftp = 'engine/adapters/sftp-put.ts'
const local = 'engine/adapters/local-files.ts'

export const mutations: Mutation[] = [
  {
    guard: 'fsync of an artifact',
    changes: [
      {
        file: 'engine/adapters/artifact-folder.ts',
        from: '  await file.sync()\n  return counted',
        to: '  return counted',
      },
    ],
    noticedBy: { test: 'test/crash/order.test.ts' },
  },
  {
    guard: 'fsync of a file at a folder target',
    changes: [{ file: 'engine/adapters/local-publish.ts', from: '    await file.sync()\n', to: '' }],
    noticedBy: { test: 'test/crash/order.test.ts' },
  },
  {
    guard: 'temporary name and rename on SFTP',
    changes: [
      {
        file: sftp,
        from: 'const temporary = joinNames(parent, [temporaryName(name, request.key)])',
        to: 'const temporary = joinNames(parent, [name])',
      },
      {
        file: sftp,
        from: 'else await publishTemporary(wire, whole, target, taken)',
        to: 'else await whole.close()',
      },
    ],
    noticedBy: { test: 'test/crash/order.test.ts' },
  },
  {
    guard: 'temporary name and rename in a folder',
    changes: [
      { file: local, from: 'join(parent, temporaryName(name, request.key))', to: 'target' },
      {
        file: 'engine/adapters/local-publish.ts',
        from: '  if (real !== target && there && isSameFile(source, there)) return releaseName(real, there, dirname(target))',
        to: '  if (real === target) return',
      },
    ],
    noticedBy: { test: 'test/contracts/remote-files.test.ts' },
  },
  {
    guard: 'verify after an upload by SFTP',
    changes: [
      { file: 'engine/adapters/sftp-temporary.ts', from: 'if (size !== wanted)', to: 'if (size < 0)' },
    ],
    noticedBy: { test: 'test/crash/guards.test.ts' },
  },
  {
    guard: 'verify after a put to S3',
    changes: [
      {
        file: 'engine/adapters/s3-put.ts',
        from: "if (reason) throw new JobsdError('VERIFY_FAILED'",
        to: "if (reason === '') throw new JobsdError('VERIFY_FAILED'",
      },
    ],
    noticedBy: { test: 'test/engine/adapters/s3-faults.test.ts' },
  },
  {
    guard: 'unique key of what is due',
    changes: [
      {
        file: 'engine/adapters/ledger/dues.ts',
        from: ' key: due.trigger.key,',
        to: ' key: due.trigger.key + Math.random(),',
      },
      {
        file: 'engine/adapters/ledger/dues.ts',
        from: 'JSON.stringify([due.job, type, key, callCenter])',
        to: 'JSON.stringify([due.job, type, key, callCenter, Math.random()])',
      },
    ],
    noticedBy: { test: 'test/contracts/ledger.test.ts' },
  },
  {
    guard: 'look at the target before sending again',
    changes: [
      {
        file: 'engine/runtime/outbox.ts',
        from: 'if (await request.look(place))',
        to: 'if (request.look === undefined)',
      },
    ],
    noticedBy: { points: 'sftp.rename /uploads.* answered' },
  },
  {
    guard: 'hold of a mail in doubt',
    changes: [
      {
        file: 'engine/runtime/outbox.ts',
        from: "if (request.onDoubt !== 'resend') {",
        to: 'if (request.onDoubt === undefined) {',
      },
    ],
    noticedBy: { points: 'smtp daily.* end of body answered' },
  },
  {
    guard: 'fencing token of a run',
    changes: [
      {
        file: 'engine/adapters/ledger/runs.ts',
        from: "if (held !== 1) throw new JobsdError('RUN_LOST', { run: runId })",
        to: "if (held < 0) throw new JobsdError('RUN_LOST', { run: runId })",
      },
      {
        file: 'engine/adapters/ledger/runs.ts',
        from: "if (held !== 1) throw new JobsdError('RUN_LOST', { run: guard.runId })",
        to: "if (held < 0) throw new JobsdError('RUN_LOST', { run: guard.runId })",
      },
    ],
    noticedBy: { test: 'test/contracts/ledger.test.ts' },
  },
  {
    guard: 'place of the incumbent in a reconcile',
    changes: [
      {
        file: 'engine/runtime/sync-changes.ts',
        from: '      incumbents.set(job, trigger.type)',
        to: '      incumbents.delete(job)',
      },
    ],
    noticedBy: { test: 'test/crash/guards.test.ts' },
  },
]
