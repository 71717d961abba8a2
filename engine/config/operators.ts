/** What the operators keep apart from any job: settings, where alerts go, and what each client may use. */
import type { BounceWatch } from '../core/contracts/bounces.ts'
import type { TrustRules } from '../core/contracts/config-source.ts'
import type { AlertRoute, OperatorFacts } from '../core/contracts/sync.ts'
import type { ClientPolicy, Settings } from '../core/manifest.ts'
import type { MailTemplate } from '../core/model.ts'
import { compileBounceWatches } from './bounce-watches.ts'
import type { Config } from './config.ts'
import { connectionFile, policyFile, settingsFile } from './layout.ts'
import { locateMail, readMail } from './templates.ts'

/** The mails to the operators. They are never a client's own, and no job may send them. */
export const operatorTemplates = ['alert', 'notice']

/** Each part is the last good one. */
export interface Operators {
  /** null while none were ever valid. */
  settings: Settings | null
  route: AlertRoute | null
  policies: ReadonlyMap<string, ClientPolicy>
  bounces: readonly BounceWatch[]
}

export const noOperators: Operators = { settings: null, route: null, policies: new Map(), bounces: [] }

/** A revision's operators' documents: what has an error there stays as it was before. */
export function compileOperators(config: Config, before: Operators): Operators {
  return {
    settings: validSettings(config) ?? before.settings,
    route: compileRoute(config) ?? before.route,
    policies: compilePolicies(config, before.policies),
    bounces: compileBounceWatches(config, before.bounces),
  }
}

function validSettings(config: Config): Settings | undefined {
  return config.firstErrors.has(settingsFile) ? undefined : config.settings?.value
}

/** undefined where one of its documents has an error. */
function compileRoute(config: Config): AlertRoute | undefined {
  const settings = validSettings(config)
  if (!settings) return undefined
  const name = settings.alerts.connection
  const connection = config.connections.get(name)?.value
  if (!connection || config.firstErrors.has(connectionFile(name))) return undefined
  const templates: Record<string, MailTemplate> = {}
  for (const template of operatorTemplates) {
    const files = Object.values(locateMail(config, null, template).found)
    const isSound = files.length > 0 && files.every((file) => !config.firstErrors.has(file))
    if (isSound) templates[template] = readMail(config, null, template)
  }
  return { settings, connection, templates }
}

/** Every client's policy as of now: a broken document keeps what `before` has, one that is gone is gone. */
function compilePolicies(
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

/** The first error that keeps alerts from having a route; undefined where they have one. */
export function routeProblem(config: Config, { route }: Operators): string | undefined {
  if (route) return undefined
  const name = config.settings?.value.alerts.connection
  const files = [settingsFile, ...(name === undefined ? [] : [connectionFile(name)])]
  const problem = files.map((file) => config.firstErrors.get(file)).find((found) => found !== undefined)
  const why = problem ? `${problem.file}:${problem.line}:${problem.column}: ${problem.message}` : ''
  return `nothing runs before its failures can be told: ${why || 'settings.yaml names no mail connection'}`
}

/** What the settings ask of a commit; without any, nothing. */
export function trustRulesOf(settings: Settings | null): TrustRules {
  const git = settings?.git
  return {
    verify: git?.verify ?? 'none',
    signers: git?.signers ?? [],
    platformSigners: git?.platformSigners ?? [],
    requireFastForward: git?.requireFastForward ?? false,
  }
}

export function toOperatorFacts({ settings, route, policies, bounces }: Operators): OperatorFacts {
  return { settings, route, policies: [...policies.values()], bounces: [...bounces] }
}

export function fromOperatorFacts({ settings, route, policies, bounces = [] }: OperatorFacts): Operators {
  return { settings, route, policies: new Map(policies.map((policy) => [policy.name, policy])), bounces }
}
