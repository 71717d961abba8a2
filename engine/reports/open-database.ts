/** DuckDB as every part of a report opens it. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

export interface OpenDatabase {
  connection: DuckDBConnection
  close: () => void
}

/** Opens a database, in UTC and without downloads of extensions. The caller closes it. */
export async function openDatabase(path: string, settings: Record<string, string>): Promise<OpenDatabase> {
  const { max_temp_directory_size, ...rest } = settings
  const instance = await DuckDBInstance.create(path, {
    ...rest,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  // As a setting of `create` DuckDB 1.5.5 shows it but does not keep it.
  if (max_temp_directory_size)
    await connection.run(`SET max_temp_directory_size = '${max_temp_directory_size}'`)
  return {
    connection,
    close: () => {
      connection.closeSync()
      instance.closeSync()
    },
  }
}
