/** What the operators keep apart from any job: where alerts go, and what each client may use. */
import type { ClientPolicy, Connection, Settings } from '../core/manifest.ts'
import type { MailTemplate } from '../core/model.ts'
import { alertTemplate } from './compile.ts'
import type { Config } from './config.ts'
import { connectionFile, policyFile, settingsFile } from './layout.ts'
import { locateMail, readMail } from './templates.ts'

export interface AlertRoute {
  settings: Settings
  connection: Connection
  template: MailTemplate | undefined
}

/** The route of alerts; undefined where one of its documents has an error, so that the last good one stays. */
export function compileRoute(config: Config): AlertRoute | undefined {
  const settings = config.settings?.value
  if (!settings || config.firstErrors.has(settingsFile)) return undefined
  const name = settings.alerts.connection
  const connection = config.connections.get(name)?.value
  if (!connection || config.firstErrors.has(connectionFile(name))) return undefined
  const files = Object.values(locateMail(config, null, alertTemplate).found)
  const isSound = files.every((file) => !config.firstErrors.has(file))
  return { settings, connection, template: isSound ? readMail(config, null, alertTemplate) : undefined }
}

/** Every client's policy as of now: a broken document keeps what `before` has, one that is gone is gone. */
export function compilePolicies(
  config: Config,
  before: ReadonlyMap<string, ClientPolicy>,
): Map<string, ClientPolicy> {
  const policies = new Map<string, ClientPolicy>()
  for (const [name, { value }] of config.policies) {
    if (!config.firstErrors.has(policyFile(name))) policies.set(name, value)
  }
  for (const [name, policy] of before) {
    if (!policies.has(name) && config.files.has(policyFile(name))) policies.set(name, policy)
  }
  return policies
}
