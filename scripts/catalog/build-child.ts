/** `build-child.ts INPUT OUT ...`: the whole build, for each client from what is known in a file to the pages in a folder. */
import { renderClientSite, writeSite } from '../../engine/catalog/site.ts'
import { clientView } from '../../engine/catalog/views.ts'
import { readInput } from './bench-input.ts'

const paths = process.argv.slice(2)
for (let at = 0; at < paths.length; at += 2) {
  const [input = '', out = ''] = paths.slice(at, at + 2)
  await writeSite(out, renderClientSite(clientView(readInput(input))))
}
