/** Which rows a preview's reports are made of. */
import { lstat, readdir, readFile, stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { type FixtureRow, readFixture } from '../config/fixtures.ts'
import type { SourceFile } from '../core/contracts/config-source.ts'
import { JobsdError } from '../core/errors.ts'
import type { DatasetConnection, FileDatasetConnection, TestGiven } from '../core/manifest.ts'
import type { Snapshot } from '../core/model.ts'
import { fixtureOf } from '../runtime/job-tests.ts'
import type { RehearsalData } from '../runtime/rehearsal.ts'
import { explainEmpty, type HasRows, hasOwnRow } from './preview-empty.ts'

export interface PreviewData {
  data: RehearsalData
  /** Where the rows come from, for people. */
  words: string
  /** What the test with that data gives besides, such as the slot that it is about. */
  given: TestGiven
}

const madeUpRows = 5
/** A larger table is left to the report's own reader, which needs every column. */
const maxFixtureBytes = 64 * 1024
const formats = ['csv', 'json', 'parquet'] as const

/**
 * A folder that is named, else the fixture of the job's first test with one, else the client's dataset if it is there
 * and has a row of the client, else made-up rows.
 */
export async function choosePreviewData(
  config: Config,
  snapshot: Snapshot,
  { named, callCenter }: { named: string | undefined; callCenter: string | undefined },
  hasRows: HasRows,
): Promise<PreviewData> {
  const plain = { given: {} }
  const { fanOut, steps } = snapshot.manifest
  if (!fanOut && !steps.some(({ type }) => type === 'report')) {
    return { ...plain, data: { kind: 'made-up', rows: madeUpRows }, words: 'none: the job has no report' }
  }
  const explain = (dataset: DatasetConnection) => explainEmpty(snapshot, callCenter, dataset, hasRows)
  if (named !== undefined) {
    const data = await readDataSet(named, snapshot)
    const empty =
      data.kind === 'tables'
        ? await explain({ ...emptyConnection, ...data.dataset })
        : await explainEmpty(snapshot, callCenter, emptyConnection, async (_, tenant) =>
            hasOwnRow(data.tables, tenant),
          )
    return { ...plain, data, words: empty === null ? named : `${named}; it has ${empty}` }
  }
  const tests = config.tests.get(snapshot.job)?.value.tests ?? []
  const withData = tests.filter(({ given }) => given?.dataset !== undefined)
  const test = withData.find(({ given }) => given?.callCenter === callCenter) ?? withData[0]
  if (test?.given) {
    const { callCenter: _, steps: __, ...given } = test.given
    const data = fixtureOf(config, snapshot, given)!
    return { data, given, words: `the fixture ${given.dataset} of the test "${test.name}"` }
  }
  const { dataset } = snapshot.policy
  const connection = dataset && snapshot.connections[dataset.connection]
  if (connection?.type === 'dataset' && (await isThere(connection))) {
    const empty = await explain(connection)
    if (empty === null)
      return { ...plain, data: { kind: 'policy' }, words: `the client's own rows in ${connection.name}` }
    const words = `${connection.name} has ${empty}; ${madeUpRows} made-up rows are shown instead, no query was run`
    return { ...plain, data: { kind: 'made-up', rows: madeUpRows }, words }
  }
  return {
    ...plain,
    data: { kind: 'made-up', rows: madeUpRows },
    words: `made up: ${madeUpRows} rows of plausible values by the report's columns, no query was run`,
  }
}

// A folder that is named has no connection of its own.
const emptyConnection: FileDatasetConnection & { type: 'dataset' } = {
  apiVersion: 'jobsd/v1',
  kind: 'Connection',
  name: 'data-set',
  type: 'dataset',
  format: 'csv',
  path: '/',
}

type DataSet =
  | Extract<RehearsalData, { kind: 'tables' }>
  | { kind: 'rows'; tables: Record<string, FixtureRow[]> }

/** Tables in any format; small CSV and JSON ones need only the columns that matter. */
async function readDataSet(folder: string, snapshot: Snapshot): Promise<DataSet> {
  const refuse = (reason: string) =>
    new JobsdError('BAD_REQUEST', { reason: `--data-set ${folder}: ${reason}` })
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw refuse(error.code === 'ENOENT' ? 'there is no such folder' : error.message)
  })
  const files = new Map<string, SourceFile>()
  let small = true
  for (const name of names) {
    const status = await lstat(join(folder, name))
    if (!status.isFile() || status.size > maxFixtureBytes) small = false
    else if (/\.(csv|json)$/.test(name)) {
      const content = await readFile(join(folder, name))
      files.set(`tables/${name}`, { size: content.byteLength, kind: 'file', content })
    } else if (name.endsWith('.parquet')) small = false
  }
  if (!small) {
    const format = formats.find((each) => names.some((name) => extname(name) === `.${each}`)) ?? 'parquet'
    return { kind: 'tables', dataset: { format, path: resolve(folder) } }
  }
  const tenant = snapshot.policy.dataset?.client ?? snapshot.client.name
  const { tables, faults } = readFixture(files, 'tables', tenant)
  const [fault] = faults
  if (fault) throw refuse(`${fault.file.replace('tables/', '')}:${fault.line}: ${fault.message}`)
  return { kind: 'rows', tables }
}

/** Of a database only the attempt tells, which then says what is wrong with it. */
async function isThere(dataset: DatasetConnection): Promise<boolean> {
  if (dataset.format === 'postgres') return true
  return await stat(dataset.path).then(
    (status) => status.isDirectory(),
    () => false,
  )
}
