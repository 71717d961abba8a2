/** The results of calls that the platform itself gives; a dataset may have further ones. */
export const systemResults: readonly string[] = [
  'Answering Machine (Hung Up)',
  'Busy',
  'Excluded via Compliance Policy (Not Made)',
  'Fax',
  'Hung Up in Opening',
  'Invalid Phone Number',
  'Invalid Phone Number (Not Made)',
  'Listened',
  'No Answer',
  'Not Attempted (Not Made)',
  'Not Available',
  'Operator Transfer',
  'Operator Transfer (Abandoned Max Hold Time)',
  'Operator Transfer (Agent Abandoned)',
]
