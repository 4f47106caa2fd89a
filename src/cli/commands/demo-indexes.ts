import { isDeepStrictEqual } from 'node:util'
import type { Command } from '../command.ts'
import { folderSize } from '../demo/folder-size.ts'
import { startDemo } from '../demo/start-demo.ts'
import {
  alikeTotal,
  askByWords,
  searchNouns,
  type Searched,
} from '../demo-indexes/filtered-searches.ts'
import { fillNouns, type NounNamespace } from '../demo-indexes/noun-namespace.ts'
import { newestEvent } from '../indexes/follow-events.ts'
import { untilDecided } from '../demo-indexes/show-decisions.ts'
import { writeStrangers } from '../demo-indexes/show-guard.ts'

/** The first headline in front of the user's eyes: an index that nobody asked for, proven, measured, and guarded. */
export const demoIndexes: Command = {
  name: 'demo-indexes',
  summary: 'Show a payload index make itself from 150 filtered searches, and its guard act.',
  settings: [],
  async run(call) {
    const { print } = call
    const started = performance.now()
    await using stack = new AsyncDisposableStack()
    const { folder, client } = await startDemo(call, stack)
    const nouns = await fillNouns(client, print)

    const before = await searchFirst(nouns)
    await watchDecisions(nouns)
    await searchAgain(nouns, before, [])

    print('\nThe index holds whole numbers. What it cannot hold is written:')
    const told = await newestEvent(client, { id: nouns.namespaceId })
    const strangers = await writeStrangers(nouns)
    print('\nBefore those writes were acknowledged, the guard acted; then a check follows:')
    await untilDecided(nouns, ['relation_count'], told)
    await searchAgain(nouns, before, strangers)

    const seconds = (performance.now() - started) / 1000
    const sizeBytes = await folderSize(folder)
    print(`\nAll of it in ${seconds.toFixed(0)} s, ${(sizeBytes / 1e6).toFixed(0)} MB on disk.`)
  },
}

async function searchFirst(nouns: NounNamespace): Promise<Searched> {
  const { print } = nouns
  print('\nNothing is indexed. 150 searches by spelling, where relation_count >= 8 … 30:')
  const searched = await searchNouns(nouns)
  print(`  ${timesOf(searched)}`)
  print('110 lists where definition contains "…".')
  await askByWords(nouns)
  return searched
}

async function watchDecisions(nouns: NounNamespace): Promise<void> {
  nouns.print('\nNobody asks for an index. Two fields were filtered by more than 100 times in')
  nouns.print('24 hours, so both are decided about (nacre indexes --watch shows the same):')
  await untilDecided(nouns, ['relation_count', 'definition'], null)
}

/** Throws where a filter matches something else than before, but for documents that were written meanwhile. */
async function searchAgain(
  nouns: NounNamespace,
  before: Searched,
  written: readonly string[],
): Promise<void> {
  nouns.print('\nThe same 150 searches again:')
  const searched = await searchNouns(nouns)
  nouns.print(`  ${timesOf(searched)}; at first: p50 ${before.p50Ms.toFixed(1)} ms`)
  const alike = alikeTotal(before, searched, written)
  nouns.print(`  ${alike} of ${searched.found.length} find the same scores as at first`)
  const matches = searched.matches.map((ids) => ids.filter((id) => !written.includes(id)))
  const isSame = isDeepStrictEqual(matches, before.matches)
  const others = written.length === 0 ? '' : ', the new ones apart'
  nouns.print(`  the filters match ${isSame ? 'the same' : 'other'} documents as at first${others}`)
  if (!isSame) throw new Error('A filter matches other documents than before.')
}

function timesOf({ p50Ms, p95Ms }: Searched): string {
  return `p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms over HTTP`
}
