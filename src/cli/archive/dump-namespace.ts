import { ServerRefused, type ServerClient } from '../reach-server.ts'
import { partPaths, readJson, removeFile, writeJson } from './archive-folder.ts'
import { fetchOriginals, OriginalGone } from './fetch-originals.ts'
import { mergePoints, PointsDiffer } from './merge-points.ts'
import { patiently, type Patience } from './patience.ts'
import { NamespaceChanged, readPoints } from './read-points.ts'
import { readState, type NamespaceState } from './read-state.ts'

/** `namespace.json`: what stands in the archive of a namespace; it is written last. */
export interface DumpedNamespace {
  id: string
  name: string
  organization_id: string
  /** The moment of the server's database that its rows and documents are of. */
  as_of: string
  /** How long writers waited for it. */
  held_ms: number
  points: number
  rows: number
  /** In the order in which they are loaded. */
  tables: string[]
}

export interface DumpCall extends Patience {
  server: ServerClient
  /** Of the archive. */
  folder: string
  onPhase: (phase: string) => void
  onPoints: (read: number, of: number) => void
  onOriginal: () => void
}

/** States that are read where what was read before does not fit to them. */
const statesMax = 10

/** Dumps a namespace, or goes on with it; null where it is gone. */
export async function dumpNamespace(
  call: DumpCall,
  namespace: { id: string; name: string; organization_id: string },
): Promise<DumpedNamespace | null> {
  const paths = partPaths(call.folder, namespace.id)
  const known = await readJson<DumpedNamespace>(paths.done)
  if (known) return known
  try {
    const { asOf, points, heldMs, rows, tables } = await patiently(call, namespace.name, () =>
      readOneState(call, namespace.id),
    )
    const done = { ...namespace, as_of: asOf, held_ms: heldMs, points, rows, tables }
    await writeJson(paths.done, done)
    await removeFile(paths.work)
    return done
  } catch (error) {
    if (!(error instanceof ServerRefused) || error.status !== 404) throw error
    await removeFile(paths.own)
    return null
  }
}

async function readOneState(call: DumpCall, namespaceId: string): Promise<NamespaceState> {
  const { server, signal } = call
  const paths = partPaths(call.folder, namespaceId)
  let earlier: string | null = null
  for (let states = 1; ; states++) {
    try {
      const reader = { ...call, namespaceId, folder: paths.work }
      const { readings, since, begin } = await readPoints(reader)
      call.onPhase('writers wait a moment: its state')
      const from = { begin, since: earlier ?? since }
      const state = await readState(server, namespaceId, paths, from, signal)
      call.onPhase('joining what was read')
      await mergePoints(state.idsPath, [...readings, state.lastPath], paths.points)
      await fetchOriginals(server, call.folder, paths.originals, signal, call.onOriginal)
      return state
    } catch (error) {
      if (states === statesMax) throw error
      if (error instanceof PointsDiffer) earlier = error.since
      else if (error instanceof NamespaceChanged) await removeFile(paths.work)
      else if (!(error instanceof OriginalGone)) throw error
      call.tell(error.message)
    }
  }
}
