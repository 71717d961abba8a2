/** The rules about signatures: what they would refuse for ever is told before it is in force. */
import { isArmoredKey, readSshKey } from '../../core/public-key.ts'
import { placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import type { Rule } from './rule.ts'

const lists = ['signers', 'platformSigners'] as const

const signerMissing: Rule = {
  name: 'signer-missing',
  check({ settings }, report) {
    const git = settings?.value.git
    if (!settings || !git) return
    const { verify = 'none', signers = [], platformSigners = [] } = git
    if (verify !== 'none' && signers.length + platformSigners.length === 0) {
      const message = `verify is ${quote(verify)} and nobody may sign: every commit would be refused; list signers`
      report(placeOf(settings, '/git/verify'), message)
    }
    if (verify !== 'none') return
    for (const list of lists) {
      if (!git[list]?.length) continue
      report(placeOf(settings, `/git/${list}`, 'key'), `${list} has no effect without verify`, 'warning')
    }
  },
}

const signerKey: Rule = {
  name: 'signer-key',
  check({ settings }, report) {
    const git = settings?.value.git
    if (!settings || !git?.verify || git.verify === 'none') return
    const isKey = git.verify === 'ssh' ? (key: string) => readSshKey(key) !== undefined : isArmoredKey
    const expected =
      git.verify === 'ssh'
        ? 'one line of an .pub file, such as ssh-ed25519 AAAA...'
        : 'one armored public key, as gpg --armor --export prints it'
    for (const list of lists) {
      git[list]?.forEach(({ name, key }, index) => {
        if (isKey(key)) return
        const message = `the key of ${quote(name)} is no public key for verify ${quote(git.verify!)}; expected ${expected}`
        report(placeOf(settings, `/git/${list}/${index}/key`), message)
      })
    }
  },
}

export const trustRules: Rule[] = [signerMissing, signerKey]
