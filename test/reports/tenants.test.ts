import '../fakes/clean-children.ts'
import t from 'tap'
import { attackTenants } from '../../scripts/tenants/attack-tenants.ts'

// The same by the thousand: npm run fuzz:tenants.
t.test('SQL that is after other clients gets no row, no file and no connection of theirs', async (t) => {
  const found = await attackTenants(t.testdir({}), {
    perClient: 4,
    reports: 8,
    seed: 8,
    queryMs: 100,
    reportMs: 3000,
  })
  t.same(found.leaks, [])
  t.same(found.bugs, [], 'every report ends with rows or an error of the table')
  t.same(found.strays, [], 'nothing was written beside the dataset')
  t.equal(found.visits, 0, 'nobody called the server')
  t.equal(found.queries, 200)
  t.equal(found.reports, 8)
  t.ok(found.sawOwn > 20, `rows of their own were there to be seen: ${found.sawOwn}`)
  t.ok(found.checked > 70, `many pass the check, so that the copy alone must hold: ${found.checked}`)
})
