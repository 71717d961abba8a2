/** A fan-out as customers see it: what there is a run for, and whom its mails reach. No query, no address. */
import { rowParametersOf, runParametersOf } from '../core/fan-out.ts'
import { maskAddress } from '../core/mail-address.ts'
import type { Client } from '../core/manifest.ts'
import type { Run, Snapshot } from '../core/model.ts'
import { recipientParameter } from '../core/recipients.ts'
import { joinWords } from './plain-words.ts'
import { redactAddress } from './redact.ts'

/** `One for each Site, with its Recipients`; empty for a job without `fanOut`. */
export function describeRows({ manifest }: Snapshot): string {
  const { fanOut } = manifest
  if (!fanOut) return ''
  const titled = rowParametersOf(manifest).map(({ name, title }) => ({ name, title: title ?? name }))
  const key = titled.find(({ name }) => name === fanOut.key)?.title ?? fanOut.key
  const others = titled.filter(({ name }) => name !== fanOut.key).map(({ title }) => title)
  return `One for each ${key}${others.length > 0 ? `, with its ${joinWords(others, 'and')}` : ''}`
}

/** Addresses masked; those that a run brings by what they are called. */
export function describeRecipients(items: readonly string[], { manifest }: Snapshot): string {
  const titleOf = (name: string) =>
    runParametersOf(manifest).find((parameter) => parameter.name === name)?.title ?? name
  return items
    .map((item) => {
      const name = recipientParameter(item)
      return name === undefined ? redactAddress(item) : `As ${titleOf(name)} says`
    })
    .join(', ')
}

/** Which part of a job a run is for: a call center, a row, or both; empty for all of it. */
export function partTitle(client: Client, { callCenter, row }: Pick<Run, 'callCenter' | 'row'>): string {
  const title = client.callCenters.find(({ name }) => name === callCenter)?.title ?? callCenter
  // The row of a call center is mostly called as that is.
  const key = row === undefined || row.key === callCenter ? null : maskAddress(row.key)
  return [title, key].filter((part) => part !== null).join(', ')
}
