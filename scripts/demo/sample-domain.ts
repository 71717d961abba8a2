/** The invented contact centres of the sample data: who they are, when they are called, and what comes of a call. */

export type SampleRow = Record<string, string | number | boolean | Date | null>

export interface SampleCallCenter {
  name: string
  services: string[]
  /** Calls of a weekday. */
  callsPerDay: number
}

export interface SampleClient {
  name: string
  timezone: string
  callCenters: SampleCallCenter[]
  /** A number of a range that no subscriber has, from a number of 0 to 99,999. */
  phone: (number: number) => string
  firstNames: string[]
  lastNames: string[]
  campaignNames: string[]
  /** Their own codes for results; a result that is not named has none. */
  outcomes: Record<string, string[]>
}

// Names with quotes, commas and umlauts, and texts that a spreadsheet would run, are meant to be there.
const usPhone = (areas: number[]) => (number: number) =>
  `+1${areas[number % areas.length]}55501${String(number % 100).padStart(2, '0')}`
const germanPhone = (number: number) => `+493023125${String(number % 1000).padStart(3, '0')}`

export const sampleClients: SampleClient[] = [
  {
    name: 'acme',
    timezone: 'America/Chicago',
    callCenters: [
      { name: 'dallas', services: ['Dallas Collections', 'Dallas Care'], callsPerDay: 2200 },
      { name: 'tampa', services: ['Tampa Collections', 'Tampa Care'], callsPerDay: 1700 },
    ],
    phone: usPhone([214, 469, 813, 972]),
    firstNames: [
      'Ava',
      'Carlos',
      'Dana',
      'Ethan',
      'Grace',
      'Liam',
      'Maria',
      'Noah',
      'Olivia',
      'Robert "Bob"',
    ],
    lastNames: [
      'Brown',
      'Garcia',
      'Johnson',
      'King, Jr.',
      "O'Neil",
      'Smith',
      '=SUM(A1:A9)',
      'Walker',
      '+Plus',
    ],
    campaignNames: ['Past due 30', 'Card renewal, second call', 'Autumn "Win-back"'],
    outcomes: {
      'Operator Transfer': ['PTP', 'PAID', 'CALLBACK', '=1+1', 'REFUSED'],
      Listened: ['MSG'],
      'Answering Machine (Hung Up)': ['AM'],
    },
  },
  {
    name: 'borealis',
    timezone: 'Europe/Berlin',
    callCenters: [
      { name: 'berlin', services: ['Störungsdienst', 'Vertrieb Nord'], callsPerDay: 1600 },
      { name: 'hamburg', services: ['Vertrieb Nord', 'Zählerstände'], callsPerDay: 1300 },
      { name: 'wien', services: ['Österreich Service'], callsPerDay: 900 },
    ],
    phone: germanPhone,
    firstNames: ['Anna', 'Björn', 'Clara', 'Dörte', 'Emil', 'Jürgen', 'Lena', 'Özlem', 'Paul', 'Zoë'],
    lastNames: [
      'Becker',
      'Groß',
      'Köhler',
      'Müller',
      'Schmidt, Dr.',
      'Šimić',
      'von der Höh',
      'Weiß',
      '@Home GmbH',
    ],
    campaignNames: ['Rückruf Störung', 'Tarifwechsel, Welle 2', 'Aktion „Grüner Strom“'],
    outcomes: {
      'Operator Transfer': ['ABSCHLUSS', 'WIEDERVORLAGE', '+KEIN INTERESSE'],
      Listened: ['ANSAGE'],
    },
  },
  {
    name: 'cobalt',
    timezone: 'America/New_York',
    callCenters: [
      { name: 'nyc', services: ['Claims Intake', 'Policy Service'], callsPerDay: 1900 },
      { name: 'miami', services: ['Claims Intake', 'Servicio en Español'], callsPerDay: 1200 },
    ],
    phone: usPhone([212, 305, 646, 786]),
    firstNames: ['Aiden', 'Camila', 'David', 'Ella', 'Isaac', 'José', 'Naomi', 'Priya', 'Sofía', 'Tom'],
    lastNames: ['Cohen', 'Díaz', 'Fernández', 'Lee', 'Nguyen', 'Patel', 'Rossi', 'Young', '-Dash, Inc.'],
    campaignNames: ['Policy renewal', 'Storm follow-up', 'Survey "How did we do?"'],
    outcomes: {},
  },
]

/**
 * Per mille of outbound calls; results that end in "(Not Made)" were never dialed. What becomes of an operator
 * transfer depends on who is free.
 */
export const outboundResults: [result: string, share: number][] = [
  ['No Answer', 300],
  ['Answering Machine (Hung Up)', 265],
  ['Operator Transfer', 140],
  ['Hung Up in Opening', 80],
  ['Listened', 65],
  ['Busy', 45],
  ['Not Available', 25],
  ['Excluded via Compliance Policy (Not Made)', 25],
  ['Invalid Phone Number', 20],
  ['Not Attempted (Not Made)', 18],
  ['Invalid Phone Number (Not Made)', 12],
  ['Fax', 5],
]

/** Per mille of inbound calls. */
export const inboundResults: [result: string, share: number][] = [
  ['Operator Transfer', 965],
  ['Hung Up in Opening', 35],
]

/** How many calls of a day fall into each local hour, 0 to 23. */
export const hourWeights = [
  2, 2, 2, 1, 1, 1, 4, 14, 55, 92, 104, 98, 70, 74, 92, 96, 88, 72, 50, 34, 18, 8, 4, 2,
]

/** By weekday, Sunday first. */
export const weekdayFactors = [0.18, 1.12, 1.04, 1, 0.98, 0.93, 0.42]
