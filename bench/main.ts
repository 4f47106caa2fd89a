import { autoindex } from './autoindex/autoindex.ts'
import { drift } from './drift.ts'
import { filtered } from './filtered/filtered.ts'
import { links } from './links.ts'
import { reconfigure } from './reconfigure/reconfigure.ts'
import { startup } from './startup.ts'
import { tap } from './tap/tap.ts'
import { textQuery } from './text-query.ts'

/** `npm run bench -- <name>`: programs that measure, never tests. */
const benches: Readonly<Record<string, (write: (line: string) => void) => Promise<void>>> = {
  autoindex,
  drift,
  filtered,
  links,
  reconfigure,
  startup,
  tap,
  'text-query': textQuery,
}

const [name = ''] = process.argv.slice(2)
const bench = benches[name]
if (bench === undefined) {
  process.stderr.write(`npm run bench -- <name>, one of: ${Object.keys(benches).join(', ')}\n`)
  process.exitCode = 2
} else {
  await bench((line) => process.stdout.write(`${line}\n`))
}
