/** Whose reports over what time. */
import { firstMoment, hourOf, type Stretch, shiftDate } from './clock.ts'
import type { Tables } from './tables.ts'
import type { Run } from './words.ts'

export interface Tenant {
  client: string
  callCenters: string[]
  timezone: string
  dayCutOff: string
}

export interface Case {
  tenant: Tenant
  /** Null is the client. */
  callCenter: string | null
  name: string
  run: Run
}

/** Cut-offs that a clock change skips and repeats, zones of half an hour, and a day that ends on its date. */
export const tenants: Tenant[] = [
  { client: 'acme', callCenters: ['dallas', 'tampa'], timezone: 'America/Chicago', dayCutOff: '00:00' },
  {
    client: 'borealis',
    callCenters: ['berlin', 'hamburg', 'wien'],
    timezone: 'Europe/Berlin',
    dayCutOff: '02:30',
  },
  { client: 'cobalt', callCenters: ['nyc', 'miami'], timezone: 'Australia/Lord_Howe', dayCutOff: '04:00' },
  { client: 'acme', callCenters: [], timezone: 'America/Chicago', dayCutOff: '14:00' },
]

/** The local days on which the clocks change in the two spans of data. */
export const changes: Record<string, string[]> = {
  'America/Chicago': ['2026-03-08', '2026-11-01'],
  'Europe/Berlin': ['2026-03-29', '2026-10-25'],
  'Australia/Lord_Howe': ['2026-04-05', '2026-10-04'],
}

function daysFrom({ timezone, dayCutOff }: Tenant, first: string, last: string): Stretch {
  const lead = dayCutOff >= '12:00' ? -1 : 0
  const start = (date: string) => firstMoment(timezone, shiftDate(date, lead), dayCutOff)
  return { from: start(first), until: start(shiftDate(last, 1)) }
}

function hourFrom({ timezone }: Tenant, date: string, time: string): Stretch {
  const from = hourOf(timezone, firstMoment(timezone, date, time))
  return { from, until: from + 3600 }
}

export function casesOf(tenant: Tenant, tables: Tables): Case[] {
  const { timezone, dayCutOff } = tenant
  const [first, second] = changes[timezone] as [string, string]
  const periods: [string, Stretch][] = [
    ['a day of a clock change', daysFrom(tenant, first, first)],
    ['the other day of a clock change', daysFrom(tenant, second, second)],
    ['a normal day', daysFrom(tenant, '2026-10-14', '2026-10-14')],
    ['the last day of a month', daysFrom(tenant, '2026-10-31', '2026-10-31')],
    ['March', daysFrom(tenant, '2026-03-01', '2026-03-31')],
    ['October', daysFrom(tenant, '2026-10-01', '2026-10-31')],
    ['an hour', hourFrom(tenant, '2026-10-14', timezone.startsWith('Australia') ? '03:30' : '10:00')],
    ['an hour of a clock change', hourFrom(tenant, second, '01:15')],
    ['a day without data', daysFrom(tenant, '2020-01-01', '2020-01-01')],
  ]
  const run = { timezone, dayCutOff, campaignId: null }
  const campaigns = tables.campaigns
    .filter(({ client, start_at }) => client === tenant.client && start_at !== null)
    .filter(({ end_at }, at) => at % 29 === 3 || end_at === null)
    .slice(0, 4)
    .map(({ campaign_id, start_at, end_at }): [string, Run] => [
      `the campaign ${campaign_id}${end_at === null ? ', which goes on' : ''}`,
      { ...run, campaignId: campaign_id, period: { from: start_at!, until: end_at ?? start_at! + 20_000 } },
    ])
  const runs = [...periods.map(([name, period]): [string, Run] => [name, { ...run, period }]), ...campaigns]
  return [null, ...tenant.callCenters].flatMap((callCenter) =>
    runs.map(([name, run]) => ({ tenant, callCenter, name, run })),
  )
}
