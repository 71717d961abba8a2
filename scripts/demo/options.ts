/** The demo's command line. */
import { parseArgs } from 'node:util'

export interface DemoOptions {
  /** End by itself once everything has arrived. */
  once: boolean
  /** Where to leave what the servers received; undefined: a temporary folder that is removed at the end. */
  out: string | undefined
}

export const usage = `npm run demo -- [--once] [--out DIR]

Starts an SFTP, an SMTP and an S3 server on loopback, makes sample data of a contact centre, starts jobsd on this
repository's jobs.d, makes every trigger happen, and shows what arrived where.

  --once     end by itself; exit 0 only if everything that should have arrived did
  --out DIR  leave what the servers received in DIR/mail, DIR/sftp, DIR/s3, and the catalog in DIR/catalog
  --help     this text`

/** Returns the options, or a text to print and the exit code that goes with it. */
export function readOptions(args: string[]): DemoOptions | { text: string; exitCode: number } {
  try {
    const { values } = parseArgs({
      args,
      options: { once: { type: 'boolean' }, out: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help) return { text: usage, exitCode: 0 }
    return { once: values.once ?? false, out: values.out }
  } catch (error) {
    return { text: `${(error as Error).message}\n\n${usage}`, exitCode: 2 }
  }
}
