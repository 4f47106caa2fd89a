import type { Ports } from '../../ports/ports.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import { countDocuments } from '../documents/read.ts'
import { extractorsOf } from '../extractors/extractors-of.ts'
import { pickExtractor } from '../extractors/pick-extractor.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { takeCensus, type Census, type CensusPorts } from './census.ts'
import {
  planReconfigure,
  type PlannedCollection,
  type ReconfigurePlan,
} from './plan-reconfigure.ts'
import { needsEngine, planVectors } from './plan-vectors.ts'
import type { ReconfigureStrategy } from './reconfiguration.ts'
import { wantedVectors } from './wanted-vectors.ts'

export type PlanNeeds = CensusPorts & Pick<Ports, 'db' | 'cache'>

/** The plan of a reconfigure as of now. Documents are looked through only where some may go. */
export async function planNow(
  ports: PlanNeeds,
  namespace: Namespace,
  strategy: ReconfigureStrategy,
  isReprocess = false,
): Promise<ReconfigurePlan> {
  const wanted = await wantedVectors(ports, namespace)
  const vectors = planVectors(namespace.vectors, wanted)
  const isRebuilt = strategy === 'recreate' && needsEngine(vectors)
  const census = isRebuilt
    ? await takeCensus(ports, namespace, vectors.changed)
    : await countOnly(ports, namespace)
  const collections = await plannedCollections(ports, namespace)
  const present = namespace.vectors
  return planReconfigure({ strategy, isReprocess, present, wanted, census, collections })
}

async function countOnly(ports: PlanNeeds, namespace: Namespace): Promise<Census> {
  const points = await countDocuments(ports, namespace, { collectionIds: null }, null)
  return { points, collections: new Map(), refused: 0, payloadBytes: 0 }
}

async function plannedCollections(
  ports: PlanNeeds,
  namespace: Namespace,
): Promise<PlannedCollection[]> {
  const extractors = await extractorsOf(ports, namespace)
  const collections = await collectionsOf(ports, namespace.id)
  return collections.map(({ id, enabled, source, extractor }) => {
    const filler = pickExtractor(extractors, extractor.feature_extractor_id)
    const vectors = filler?.vectors(namespace.embedding).map(({ name }) => name) ?? []
    return { id, enabled, source, vectors }
  })
}
