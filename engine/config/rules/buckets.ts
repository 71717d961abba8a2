/** The rule about how buckets keep what is put into them. */
import { placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import type { Rule } from './rule.ts'

const objectEncryption: Rule = {
  name: 'object-encryption',
  check({ connections }, report) {
    for (const document of connections.values()) {
      const { value } = document
      if (value.type !== 's3' || value.kmsKeyId === undefined || value.serverSideEncryption !== 'AES256')
        continue
      const message = `a kmsKeyId needs serverSideEncryption "aws:kms"; this connection says ${quote(value.serverSideEncryption)}`
      report(placeOf(document, '/kmsKeyId', 'key'), message)
    }
  },
}

export const bucketRules: Rule[] = [objectEncryption]
