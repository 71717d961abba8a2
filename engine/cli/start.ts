import type { AddCommand } from './parts.ts'
import { dataFolder } from './parts.ts'

/** `jobsd start [DIR]`: the engine. */
export const addStart: AddCommand = (program, parts, done) => {
  program
    .command('start')
    .summary('run the engine: SIGTERM drains, SIGHUP reloads')
    .argument('[dir]', 'the config repository: the folder that holds jobs.d', '.')
    .option('--platform <dir>', "take the operators' documents from here instead of jobs.d/platform")
    .option('--data <dir>', 'the data folder; default $JOBSD_DATA or DIR/.jobsd')
    .option('--listen <host:port>', 'where HTTP listens; default $JOBSD_LISTEN or 127.0.0.1:8080')
    .action(async (dir: string, options: { platform?: string; data?: string; listen?: string }) => {
      await parts.start({
        dir,
        platform: options.platform ?? parts.env.JOBSD_PLATFORM,
        data: dataFolder(options.data, dir, parts.env),
        listen: options.listen ?? parts.env.JOBSD_LISTEN ?? '127.0.0.1:8080',
      })
      done(0)
    })
}
