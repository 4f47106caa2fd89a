import { linesIn, readJson, serverPaths, writeJson } from './archive-folder.ts'
import type { DumpCall } from './dump-namespace.ts'
import { fetchOriginals } from './fetch-originals.ts'
import { patiently } from './patience.ts'
import { readStream, tagged } from './read-stream.ts'
import { SplitTables } from './split-tables.ts'

/** `server.json`: what stands in an archive beside the namespaces. */
export interface DumpedServer {
  as_of: string
  rows: number
  tables: string[]
}

/** Rows that belong to no namespace; what an earlier try has read whole stays. */
export async function dumpServer(call: DumpCall): Promise<DumpedServer> {
  const paths = serverPaths(call.folder)
  const known = await readJson<DumpedServer>(paths.done)
  if (known) return known
  return await patiently(call, 'the server', async () => {
    await using split = await SplitTables.open(paths.originals, paths.table)
    let asOf = ''
    for await (const lines of readStream(call.server, 'GET', '/v1/dump/server', call.signal)) {
      const begin = tagged(lines[0] ?? '', 'begin')
      if (begin !== null) asOf = (JSON.parse(begin) as { as_of: string }).as_of
      await split.take(lines)
    }
    await split.close()
    await fetchOriginals(call.server, call.folder, paths.originals, call.signal, call.onOriginal)
    const done = { as_of: asOf, rows: split.rows, tables: split.tables }
    await writeJson(paths.done, done)
    return done
  })
}

/** Ids of the organizations that an archive holds. */
export async function organizationsIn(folder: string): Promise<string[]> {
  const ids: string[] = []
  for await (const lines of linesIn(serverPaths(folder).table('organizations')))
    ids.push(...lines.map((line) => (JSON.parse(line) as { id: string }).id))
  return ids
}
