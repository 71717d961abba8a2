import type { Command } from 'commander'
import { writeCalendar } from '../config/scaffold/calendar.ts'
import type { Calendar } from '../core/manifest.ts'
import { addFiles } from './add-files.ts'
import {
  answerAll,
  type Check,
  checkChoice,
  checkFormat,
  checkList,
  checkName,
  checkTitle,
  question,
  splitList,
} from './answers.ts'
import type { NewOptions } from './new.ts'
import type { AddCommand } from './parts.ts'

type Weekday = NonNullable<Calendar['weekends']>[number]
const weekdays: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

interface CalendarOptions extends NewOptions {
  title?: string
  weekends: string
  holiday?: string[]
}

/** `jobsd new calendar NAME`: days on which nothing is due. */
export const addNewCalendar: AddCommand = (program, parts, done) => {
  program
    .command('calendar')
    .summary('days on which nothing is due')
    .argument('[name]', 'its name, such as us-business')
    .option('--title <title>', 'its name for people')
    .option('--weekends <days>', 'days of the week that are off', 'sat,sun')
    .option('--holiday <date=title...>', 'single days that are off, such as "2026-12-25=Christmas Day"')
    .action(async (name: string | undefined, options: CalendarOptions, command: Command) => {
      const json = command.optsWithGlobals<{ json?: boolean }>().json ?? false
      const days = checkList(checkChoice(weekdays, 'day of the week'))
      const answers = await answerAll(
        {
          name: question('NAME', 'Its name', 'us-business', checkName, name),
          title: question('--title', 'Its name for people', '"US business days"', checkTitle, options.title),
          weekends: question('--weekends', 'Days off each week', 'sat,sun', days, options.weekends),
        },
        json ? undefined : parts.ask,
      )
      const holidays = options.holiday ?? []
      for (const given of holidays) {
        await answerAll({ holiday: question('--holiday', '', '', checkHoliday, given) }, undefined)
      }
      const file = writeCalendar({
        name: answers.name,
        title: answers.title,
        weekends: splitList(answers.weekends) as Weekday[],
        holidays: holidays.map((text) => ({ date: text.slice(0, 10), title: text.slice(11) })),
      })
      const next = [`list its holidays, then name it in a schedule: calendar: ${answers.name}`]
      done(await addFiles(parts, { dir: options.dir, platform: options.platform, json }, [file], next))
    })
}

const checkDate = checkFormat('date')

const checkHoliday: Check = (text) =>
  text.charAt(10) === '='
    ? (checkDate(text.slice(0, 10)) ?? checkTitle(text.slice(11)))
    : `${JSON.stringify(text)} is no holiday; write it as "2026-12-25=Christmas Day"`
