import { isDeepStrictEqual } from 'node:util'
import { searchLine, startSearches } from './constant-searches.ts'
import { meanings } from './add-vector.ts'
import { find, type DemoNamespace } from './demo-namespace.ts'
import { reconfigureNow, showPlan, undoNow } from './show-reconfigure.ts'
import { wrapped } from '../wrapped.ts'

/** The documented way, which empties the namespace, and the way back. Throws where a search fails or ids differ. */
export async function recreateAndUndo(demo: DemoNamespace): Promise<void> {
  const { client, print, retrieverId } = demo
  print('\nThe plan of the default, {"dry_run": true}: the collection is made anew.')
  await showPlan(demo, { strategy: 'recreate' })
  const before = await idsFound(demo)
  print('\nThe same with {"confirm": true}, and searches all the time:')
  const searches = startSearches(client, retrieverId, meanings)
  const { report, ms } = await reconfigureNow(demo, { strategy: 'recreate' })
  const found = await searches.stop()
  print(wrapped(report.message))
  print(`  done in ${ms.toFixed(0)} ms; ${searchLine(found)}`)
  print(`  documents now: ${await documentCount(demo)}`)
  print('\nUndo, POST …/plugins/reconfigure/undo: the earlier collection was kept.')
  const undone = await undoNow(demo)
  const after = await idsFound(demo)
  print(wrapped(undone.message))
  const same = isDeepStrictEqual(before, after)
  print(`  done in ${undone.ms.toFixed(0)} ms; documents now: ${await documentCount(demo)}`)
  print(`  the same searches find ${same ? 'the same ids' : 'other ids'} as before`)
  if (found.failed > 0 || !same)
    throw new Error(found.firstFailure ?? 'The undo did not bring back what was found before.')
}

async function idsFound({ client, retrieverId }: DemoNamespace): Promise<string[][]> {
  const ids: string[][] = []
  for (const { query } of meanings) {
    const hits = await find(client, retrieverId, query)
    ids.push(hits.map((hit) => hit.document_id))
  }
  return ids
}

async function documentCount({ client, namespaceId }: DemoNamespace): Promise<number | null> {
  const path = `/v1/namespaces/${namespaceId}`
  const { document_count: count } = await client.call<{ document_count: number | null }>(
    'GET',
    path,
  )
  return count
}
