/** Rules about Connections of type key. */
import type { KeyConnection } from '../../core/manifest.ts'
import { readPublicKey } from '../openpgp-key.ts'
import { placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import { connectionsOf } from '../uses.ts'
import { jobRule, type Rule } from './rule.ts'

const keyFingerprint: Rule = {
  name: 'key-fingerprint',
  check({ connections }, report) {
    for (const document of connections.values()) {
      const connection = document.value
      if (connection.type !== 'key' || connection.purpose !== 'openpgp') continue
      const found = readPublicKey(connection.publicKey)
      if ('fault' in found) {
        report(placeOf(document, '/publicKey', 'key'), `the text of publicKey ${found.fault}`)
      } else if (found.fingerprint !== connection.fingerprint.toUpperCase()) {
        const message = `the publicKey has the fingerprint ${found.fingerprint}; pinned is ${connection.fingerprint.toUpperCase()}. Ask the key's owner which one is theirs`
        report(placeOf(document, '/fingerprint'), message)
      }
    }
  },
}

/** What a step does with the keys that it names by a property: which of them need a private half. */
const uses: Record<string, { purpose: KeyConnection['purpose']; does: string; isOwn: boolean }> = {
  'encrypt/recipients': { purpose: 'openpgp', does: 'encrypts for it', isOwn: false },
  'encrypt/signWith': { purpose: 'openpgp', does: 'signs with it', isOwn: true },
  'decrypt/key': { purpose: 'openpgp', does: 'decrypts with it', isOwn: true },
  'decrypt/verifyWith': { purpose: 'openpgp', does: 'verifies with it', isOwn: false },
  'sign/key': { purpose: 'openpgp', does: 'signs with it', isOwn: true },
  'compress/key': { purpose: 'passphrase', does: 'protects an archive by it', isOwn: false },
}

const keyPurpose = jobRule('key-purpose', (document, report, manifests) => {
  for (const { pointer, name } of connectionsOf(document.value)) {
    const [, , index = '', property = ''] = pointer.split('/')
    const step = pointer.startsWith('/steps/') ? document.value.steps[Number(index)] : undefined
    const use = step && uses[`${step.type}/${property}`]
    const key = manifests.connections.get(name)?.value
    if (!use || key?.type !== 'key') continue
    if (key.purpose !== use.purpose) {
      const message = `${quote(name)} is a key of purpose ${quote(key.purpose)}; this step ${use.does} and needs one of purpose ${quote(use.purpose)}`
      report(placeOf(document, pointer), message)
    } else if (step.type === 'compress' && step.format === 'gzip') {
      const message = 'a gzip file cannot be encrypted; use format "zip", or a step of type "encrypt"'
      report(placeOf(document, pointer), message)
    } else if (use.isOwn && key.purpose === 'openpgp' && !key.privateKey) {
      const message = `the key ${quote(name)} has no privateKey, so that nobody here can use it: this step ${use.does}`
      report(placeOf(document, pointer), message)
    }
  }
})

export const keyRules: Rule[] = [keyFingerprint, keyPurpose]
