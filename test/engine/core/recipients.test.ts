import t from 'tap'
import { recipientParameter, resolveRecipients } from '../../../engine/core/recipients.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'

const { policy } = createSnapshot()
const resolve = (to: string[], recipients?: string, more: { cc?: string[]; bcc?: string[] } = {}) =>
  resolveRecipients({ to, ...more } as never, recipients === undefined ? {} : { recipients }, policy)
const byRow = ['{param.recipients}']

t.test('addresses stand as they are, and a parameter brings its own, each once', async (t) => {
  t.same(resolve(['ops@acme.example', ...byRow], 'a@acme.example; b@ACME.example, ,a@acme.example'), {
    to: ['ops@acme.example', 'a@acme.example', 'b@ACME.example'],
    cc: [],
    bcc: [],
  })
  t.equal(recipientParameter('{param.recipients}'), 'recipients')
  for (const text of ['ops@acme.example', '{param.a b}', 'x{param.a}', '{param.a}, b@c.example', '{client}'])
    t.equal(recipientParameter(text), undefined, text)
})

t.test('what a parameter brings is held to the policy, whatever it looks like', async (t) => {
  const refused = (value: string, reason: RegExp, field: 'to' | 'cc' | 'bcc' = 'to') => {
    const given =
      field === 'to'
        ? resolve.bind(null, byRow, value)
        : () => resolve(['ops@acme.example'], value, { [field]: byRow })
    t.throws(given, { code: 'RECIPIENT_NOT_ALLOWED', message: reason }, `${field}: ${value}`)
  }
  refused('a@evil.example', /nothing is mailed to "a@evil.example": the client's policy allows acme.example/)
  refused('a@sub.acme.example', /the client's policy allows/)
  refused('a@acme.example, b@evil.example', /b@evil.example/)
  refused('a@evil.example', /evil/, 'cc')
  refused('a@evil.example', /evil/, 'bcc')
  refused('a@acme.example\r\nBcc: x@acme.example', /is not one plain e-mail address/)
  refused('"A, B" <a@acme.example>', /is not one plain e-mail address/)
  refused('a@evil.example@acme.example', /is not one plain e-mail address/)
  refused('{param.recipients}', /is not one plain e-mail address/)
  refused('ops', /is not one plain e-mail address/)
})

t.test('a list that is empty or too long mails nobody', async (t) => {
  const code = 'RECIPIENT_NOT_ALLOWED'
  t.throws(() => resolve(byRow), { code, message: /it holds no address/ })
  t.throws(() => resolve(byRow, ' ,; '), { code, message: /it holds no address/ })
  const many = Array.from({ length: 51 }, (_, index) => `a${index}@acme.example`)
  t.equal(resolve(byRow, many.slice(1).join(',')).to.length, 50)
  t.throws(() => resolve(byRow, many.join(',')), { code, message: /has 51 recipients; 50 are allowed/ })
  t.throws(
    () => resolve(['z@acme.example'], many.slice(1).join(','), { bcc: byRow }),
    { code },
    'of all fields',
  )
})

t.test('a list without a parameter is not judged again: validate did that', async (t) => {
  t.same(resolve(['ops@elsewhere.example']).to, ['ops@elsewhere.example'])
})
