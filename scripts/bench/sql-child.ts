/** Runs one statement in a process of its own: what DuckDB needs is not counted with whoever waits for it. */
import { runSql } from './report-data.ts'

await runSql(process.argv[2]!)
