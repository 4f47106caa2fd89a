import { setTimeout as sleep } from 'node:timers/promises'
import { followTask, type TaskAnswer } from '../demo/ingest.ts'
import { progressBar } from '../demo/progress-bar.ts'
import type { ReachedPlugin } from './reach-plugin.ts'
import { searchLine, startSearches } from './constant-searches.ts'
import { createSearch, find, hitLine, type DemoNamespace } from './demo-namespace.ts'
import { reconfigureNow, showPlan } from './show-reconfigure.ts'
import { wrapped } from '../wrapped.ts'

/** Searches before and after the change, so that the figure is not about the change alone. */
const aroundMs = 1_000

export const meanings = [
  'a small animal that lives in water and has a shell',
  'something sweet to eat after dinner',
  'strong wind and heavy rain',
  'being afraid of the dark',
].map((query) => ({ query }))

/** Online: the plugin's vector comes into the live collection while searches run against it. Throws where one fails. */
export async function addVectorOnline(demo: DemoNamespace): Promise<void> {
  const { client, print, retrieverId } = demo
  print('\nThe plan, POST …/plugins/reconfigure {"dry_run": true, "strategy": "online"}:')
  await showPlan(demo, { strategy: 'online' })
  print('\nThe same with {"confirm": true}, while searches run against the namespace all the time:')
  const searches = startSearches(client, retrieverId, meanings)
  await sleep(aroundMs)
  const { report, ms } = await reconfigureNow(demo, { strategy: 'online' })
  await sleep(aroundMs)
  const found = await searches.stop()
  print(wrapped(report.message))
  print(`  done in ${ms.toFixed(0)} ms; ${searchLine(found)}`)
  if (found.failed + found.empty > 0)
    throw new Error(`Searches failed during the change: ${found.firstFailure ?? 'empty answers'}`)
}

/** A collection of the plugin over the same bucket, triggered, and searched with words as nobody spells them. */
export async function useVector(demo: DemoNamespace, plugin: ReachedPlugin): Promise<void> {
  const { client, print } = demo
  const made = await client.call<{ collection_id: string }>('POST', '/v1/collections', {
    collection_name: 'spellings',
    source: { type: 'bucket', bucket_ids: [demo.bucketId] },
    feature_extractor: {
      feature_extractor_name: plugin.name,
      version: plugin.version,
      input_mappings: { text: 'words' },
      field_passthrough: ['words', 'definition'],
    },
  })
  print(`\nA collection of ${plugin.name} over the same bucket, triggered:`)
  const path = `/v1/collections/${made.collection_id}/trigger`
  const task = await client.call<Pick<TaskAnswer, 'task_id'>>('POST', path)
  await followTask(client, task, progressBar('documents', demo.objects, print))
  const retrieverId = await createSearch(client, {
    name: 'by spelling',
    collectionId: made.collection_id,
    featureUri: plugin.featureUri,
  })
  print(
    '\nSearches by the new vector, which goes by letters; the query passes through the plugin too:',
  )
  for (const query of ['vegitarianizm', 'a thurobred', 'super conductivty']) {
    print(`“${query}”`)
    for (const hit of await find(client, retrieverId, query)) print(hitLine(hit))
  }
}
