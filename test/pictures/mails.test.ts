import t from 'tap'
import { findChromium } from '../../scripts/pictures/find-chromium.ts'
import { makeMailBodies } from '../../scripts/pictures/mail-bodies.ts'
import { looks, openStudio } from '../../scripts/pictures/studio.ts'
import '../fakes/clean-children.ts'

const chromium = findChromium()

t.test(
  'a mail fits a phone and a desk, light and dark',
  { skip: chromium ? false : 'no Chromium' },
  async (t) => {
    const only = ['billing/billed-call-detail', 'call/call-detail']
    const bodies = await makeMailBodies(t.testdir({}), { only, scale: 0.01 })
    t.same(
      bodies.map(({ name }) => name),
      ['billing-billed-call-detail', 'call-call-detail'],
    )
    const studio = await openStudio(chromium!)
    try {
      for (const look of looks) {
        const of = `${look.width} px, ${look.scheme}`
        for (const { name, html } of bodies)
          t.notOk((await studio.shoot(html, look)).isTooWide, `${name}: ${of}`)
      }
      const wide = await studio.shoot('<div style="width:391px">wide</div>', looks[0]!)
      t.ok(wide.isTooWide, 'what is wider is seen')
      const [light, dark] = await Promise.all(
        looks.slice(0, 2).map((look) => studio.shoot(bodies[1]!.html, look)),
      )
      t.notOk(light!.picture.equals(dark!.picture))
    } finally {
      await studio.close()
    }
  },
)
