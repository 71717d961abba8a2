/** The oracle's own reading of cron text: nothing of the engine's is used, so that one mistake is not made twice. */

export interface OracleCron {
  /** 1 for each minute of the day that matches, 1440 long. */
  times: Uint8Array
  matchesDay(year: number, month: number, day: number): boolean
  /** The minute or the hour begins with `*`. */
  followsRealTime: boolean
}

const monthNames = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const dayNames = 'sun mon tue wed thu fri sat'.split(' ')

/** Reads five fields, with `L`, `L-n`, `d#n` and `dL` among the days. Throws on what it does not know. */
export function readCronText(text: string): OracleCron {
  const [minute, hour, date, month, weekday, ...rest] = text.split(' ')
  if (!minute || !hour || !date || !month || !weekday || rest.length > 0) throw new Error(`no cron: ${text}`)
  const minutes = readNumbers(minute, 0, 59)
  const hours = readNumbers(hour, 0, 23)
  const months = readNumbers(month, 1, 12, monthNames, 1)
  const dateTests = date.split(',').map(readDate)
  const weekdayTests = weekday.split(',').map(readWeekday)
  const isEither = !date.startsWith('*') && !weekday.startsWith('*')
  const times = new Uint8Array(1440)
  for (const h of hours) for (const m of minutes) times[h * 60 + m] = 1
  return {
    times,
    followsRealTime: minute.startsWith('*') || hour.startsWith('*'),
    matchesDay(year, monthNumber, day) {
      if (!months.has(monthNumber)) return false
      const last = new Date(Date.UTC(year, monthNumber, 0)).getUTCDate()
      const dow = new Date(Date.UTC(year, monthNumber - 1, day)).getUTCDay()
      const onDate = dateTests.some((test) => test(day, last))
      const onWeekday = weekdayTests.some((test) => test(day, last, dow))
      return isEither ? onDate || onWeekday : onDate && onWeekday
    },
  }
}

function readNumbers(field: string, min: number, max: number, names: string[] = [], base = 0): Set<number> {
  const numberOf = (word: string): number => {
    const named = names.indexOf(word.toLowerCase())
    const number = named < 0 ? Number(word) : named + base
    if (!Number.isInteger(number) || number < min || number > max) throw new Error(`no value: ${word}`)
    return number
  }
  const values = new Set<number>()
  for (const item of field.split(',')) {
    const [range = '', step] = item.split('/')
    const [from = '', to] = range.split('-')
    const first = range === '*' ? min : numberOf(from)
    const last = range === '*' ? max : to !== undefined ? numberOf(to) : step === undefined ? first : max
    for (let value = first; value <= last; value += Number(step ?? 1)) values.add(value)
  }
  return values
}

function readDate(item: string): (day: number, last: number) => boolean {
  const fromEnd = /^L(?:-(\d+))?$/.exec(item)
  if (fromEnd) return (day, last) => day === last - Number(fromEnd[1] ?? 0)
  const days = readNumbers(item, 1, 31)
  return (day) => days.has(day)
}

function readWeekday(item: string): (day: number, last: number, dow: number) => boolean {
  const [, word = '', nth] = /^(.*)#(\d)$/.exec(item) ?? []
  if (nth !== undefined) {
    const wanted = readNumbers(word, 0, 7, dayNames)
    return (day, _, dow) => holds(wanted, dow) && Math.floor((day - 1) / 7) + 1 === Number(nth)
  }
  if (/^\w+L$/.test(item)) {
    const wanted = readNumbers(item.slice(0, -1), 0, 7, dayNames)
    return (day, last, dow) => holds(wanted, dow) && day > last - 7
  }
  const wanted = readNumbers(item, 0, 7, dayNames)
  return (_day, _last, dow) => holds(wanted, dow)
}

/** 0 and 7 are both Sunday. */
function holds(weekdays: Set<number>, dow: number): boolean {
  return weekdays.has(dow) || (dow === 0 && weekdays.has(7))
}
