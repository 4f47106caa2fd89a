import { randomInt } from 'node:crypto'
import { z } from 'zod'
import { scanDocuments } from '../../documents/read.ts'
import { invalid } from '../../failure.ts'
import type { Namespace } from '../../namespaces/namespace.ts'
import { tapped } from '../../query-usage/tapped.ts'
import { readSelection } from '../read-selection.ts'
import type { FoundDocument, StageCall, StageResult, UnreadSelection } from '../stage.ts'
import { stage } from '../stage.ts'
import { valuesOf } from './document-values.ts'
import { drawRandom, drawStratified, drawSystematic, Reservoir } from './draw-sample.ts'
import { documentsOf } from './run-searches.ts'
import { seededRandom } from './seeded-random.ts'

const countDefault = 10
const countMax = 1_000

const parameters = {
  /** Absent: 10, or all that samples_per_group takes. */
  count: z.int().min(1).max(countMax).optional(),
  strategy: z.enum(['random', 'stratified', 'reservoir', 'systematic']).default('random'),
  stratify_by: z.string().min(1).optional(),
  min_per_stratum: z.int().min(0).max(countMax).default(1),
  samples_per_group: z.int().min(1).max(countMax).optional(),
  seed: z.int().optional(),
  preserve_top_k: z.int().min(0).max(countMax).default(0),
}
const sampleParameters = z.object(parameters)
type SampleParameters = z.infer<typeof sampleParameters>

/** Contract 18, sample: some documents by chance, in the order they had; the same seed chooses the same ones again. */
export const sampleStage = stage({
  stageId: 'sample',
  category: 'reduce',
  description: 'Keeps some documents, chosen by chance',
  icon: 'dices',
  parameters,
  aliases: {
    size: 'count',
    limit: 'count',
    sample_size: 'count',
    method: 'strategy',
    group_field: 'stratify_by',
  },
  check({ strategy, stratify_by: by, samples_per_group: each }, location) {
    if (strategy === 'stratified' && by === undefined)
      throw invalid([...location, 'stratify_by'], 'is missing: the field of the strata', 'missing')
    if (each !== undefined && strategy !== 'stratified')
      throw invalid([...location, 'samples_per_group'], "needs strategy 'stratified'", 'ambiguous')
  },
  leavesAtMost: (given, input) => Math.min(input, countOf(given)),
  async run(call, given, selection) {
    const seed = given.seed ?? randomInt(2 ** 31)
    if (selection.kind === 'unread' && isDrawnWhileRead(selection, given))
      return await drawnFromAll(call, given, selection, seed)
    const documents = await readSelection(call, selection)
    const chosen = choose(documents, given, seed, call.namespace)
    return sampled(chosen, documents.length, given, seed)
  },
})

function countOf({ count, samples_per_group: each }: SampleParameters): number {
  return count ?? (each === undefined ? countDefault : countMax)
}

/** Where order means nothing, a sample of everything takes no more memory than itself. */
function isDrawnWhileRead(
  { limit, offset, sort }: UnreadSelection,
  { strategy, preserve_top_k: top }: SampleParameters,
): boolean {
  const isWhole = limit === null && offset === 0 && sort.length === 0
  return isWhole && top === 0 && (strategy === 'random' || strategy === 'reservoir')
}

async function drawnFromAll(
  call: StageCall,
  given: SampleParameters,
  { filter }: UnreadSelection,
  seed: number,
): Promise<StageResult> {
  const { ports, namespace, collectionIds, retrieverId, signal } = call
  const reservoir = new Reservoir<string>(countOf(given), seededRandom(seed))
  const scan = { filter, select: [], withVectors: false, isLimited: true }
  await tapped(
    ports,
    namespace,
    { kind: 'list', retrieverId },
    { filter, scope: { collectionIds }, limit: null },
    async () => {
      for await (const page of scanDocuments(ports, namespace, { collectionIds }, scan, signal))
        for (const { pointId } of page) reservoir.add(pointId)
    },
    () => ({ results: reservoir.seen, candidates: reservoir.seen }),
  )
  const documents = await documentsOf(call, reservoir.drawn(), null)
  return sampled(documents, reservoir.seen, given, seed)
}

/** The first stay, and the rest of the sample is drawn from the others. */
export function choose(
  documents: readonly FoundDocument[],
  given: SampleParameters,
  seed: number,
  namespace: Pick<Namespace, 'id'>,
): FoundDocument[] {
  const { strategy, stratify_by: by = '', preserve_top_k: top } = given
  const count = countOf(given)
  const kept = documents.slice(0, Math.min(top, count))
  const rest = documents.slice(kept.length)
  const left = count - kept.length
  const random = seededRandom(seed)
  if (strategy === 'systematic') return [...kept, ...drawSystematic(rest, left, random)]
  if (strategy !== 'stratified') return [...kept, ...drawRandom(rest, left, random)]
  const stratumOf = (document: FoundDocument) =>
    JSON.stringify(valuesOf(document, by, namespace)[0] ?? null)
  const strata = {
    count: left,
    minEach: given.min_per_stratum,
    each: given.samples_per_group ?? null,
  }
  return [...kept, ...drawStratified(rest, stratumOf, strata, random)]
}

function sampled(
  documents: FoundDocument[],
  from: number,
  { strategy }: SampleParameters,
  seed: number,
): StageResult {
  const message = `${documents.length} of ${from} documents were drawn.`
  return {
    selection: { kind: 'read', documents },
    metadata: { strategy, seed, drawn_from: from },
    losses:
      documents.length < from
        ? [{ reason: 'sample', message, figures: { from, drawn: documents.length } }]
        : [],
  }
}
