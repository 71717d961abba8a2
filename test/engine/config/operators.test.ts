import t from 'tap'
import { compileOperators, noOperators, routeProblem } from '../../../engine/config/operators.ts'
import { editSmall, load } from './golden.ts'

const settings = 'jobs.d/platform/settings.yaml'
const policy = 'jobs.d/platform/clients/acme.yaml'
const breakIt = (text: string) => text.replace('apiVersion', 'apiversion')

t.test('what has an error stays as it was before; the rest moves on', async (t) => {
  const good = compileOperators(load(editSmall({})), noOperators)
  t.match(good, { settings: { name: 'settings' }, route: { connection: { name: 'mail' } } })
  t.same(Object.keys(good.route?.templates ?? {}), ['alert'])
  const edits = {
    [settings]: breakIt,
    [policy]: (text: string) => text.replace('[mail, sftp', '[mail, sftp'),
  }
  const next = compileOperators(load(editSmall(edits)), good)
  t.equal(next.settings, good.settings)
  t.equal(next.route, good.route)
  t.not(next.policies, good.policies)
  const gone = compileOperators(load(editSmall({ [policy]: null })), good)
  t.same([...gone.policies.keys()], [], 'a policy whose file is gone is gone')
  const broken = compileOperators(load(editSmall({ [policy]: breakIt })), good)
  t.same(broken.policies.get('acme'), good.policies.get('acme'))
})

t.test("the operators' mails are never a client's own", async (t) => {
  const own = { 'jobs.d/acme/templates/mail/alert/text.hbs': 'own {{error.code}}' }
  const { route } = compileOperators(load(editSmall(own)), noOperators)
  t.match(route?.templates.alert?.text, /error.message/)
})

t.test('while failures could not be told, what to mend is named', async (t) => {
  const config = load(editSmall({ [settings]: breakIt }))
  const operators = compileOperators(config, noOperators)
  t.match(
    routeProblem(config, operators),
    /^nothing runs before its failures can be told: .*settings.yaml:1:1/,
  )
  const good = compileOperators(load(editSmall({})), noOperators)
  t.equal(routeProblem(config, compileOperators(config, good)), undefined, 'the last good route will do')
})
