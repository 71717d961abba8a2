import { createHash } from 'node:crypto'
import t from 'tap'
import { printNewToken } from '../../../engine/cli/new-token.ts'

function print(json: boolean): { out: string; aside: string } {
  const lines = { out: '', aside: '' }
  const parts = {
    print: (text: string) => (lines.out += `${text}\n`),
    warn: (text: string) => (lines.aside += `${text}\n`),
  }
  printNewToken(parts as never, json)
  return lines
}

t.test(
  'a token is printed alone on standard output, its hash beside it, and it is another one each time',
  async (t) => {
    const { out, aside } = print(false)
    t.match(out, /^[\w-]{43}\n$/)
    t.match(aside, `sha256: ${createHash('sha256').update(out.trim()).digest('hex')} }`)
    t.notMatch(aside, out.trim(), 'what is pasted into the policy does not hold it')
    t.not(print(false).out, out)
  },
)

t.test('with --json both are in one document', async (t) => {
  const { token, sha256 } = JSON.parse(print(true).out)
  t.equal(createHash('sha256').update(token).digest('hex'), sha256)
})
