import t from 'tap'
import { compareByHand } from './compare-by-hand.ts'

t.test('each report gives the rows and the total that were computed by hand', { jobs: 2 }, (t) =>
  compareByHand(t, ['inbound', 'call']),
)
