import { autoindex } from './autoindex/autoindex.ts'
import { drift } from './drift.ts'
import { filtered } from './filtered/filtered.ts'
import { http } from './http/http.ts'
import { idle } from './idle/idle.ts'
import { ingest } from './ingest/ingest.ts'
import { links } from './links.ts'
import { reconfigure } from './reconfigure/reconfigure.ts'
import { startup } from './startup.ts'
import { tap } from './tap/tap.ts'
import { textQuery } from './text-query.ts'

type Bench = (write: (line: string) => void, args: readonly string[]) => Promise<void>

/** `npm run bench -- <name>`: programs that measure, never tests; some take parts and options by argument. */
const benches: Readonly<Record<string, Bench>> = {
  autoindex,
  drift,
  filtered,
  http,
  idle,
  ingest,
  links,
  reconfigure,
  startup,
  tap,
  'text-query': textQuery,
}

const [name = '', ...args] = process.argv.slice(2)
const bench = benches[name]
if (bench === undefined) {
  process.stderr.write(`npm run bench -- <name>, one of: ${Object.keys(benches).join(', ')}\n`)
  process.exitCode = 2
} else {
  await bench((line) => process.stdout.write(`${line}\n`), args)
}
