import type { Ports } from '../../ports/ports.ts'
import { readBusyReconfiguration } from '../../store/reconfigurations.ts'
import { plainVersion } from '../extractors/feature-uri.ts'
import { extractorsOf } from '../extractors/extractors-of.ts'
import {
  addMissingVectors,
  refuseOtherShapes,
  type AddNeeds,
} from '../reconfiguration/add-missing-vectors.ts'
import { busyConflict } from '../reconfiguration/begin.ts'
import { planVectors, type Vectors } from '../reconfiguration/plan-vectors.ts'
import { wantedVectors } from '../reconfiguration/wanted-vectors.ts'
import { mergeVectors } from './merge-vectors.ts'
import type { Namespace, NamespaceExtractor } from './namespace.ts'
import type { ExtractorRequest, NamespacePatch } from './namespace-request.ts'
import { parseExtractorRequests } from './parse-extractor-requests.ts'

/** What of a PATCH goes the way of an online reconfigure. */
export interface VectorsChange {
  vectors: Vectors
  /** Null: they stay. */
  extractors: NamespaceExtractor[] | null
}

/**
 * `feature_extractors` are appended to those that the namespace has, `repair_vectors: true` adds what the schema lacks
 * (design 4). Null where nothing is to be added. Throws what the addition would, before anything is changed.
 */
export async function vectorsChangeOf(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Namespace,
  patch: Pick<NamespacePatch, 'feature_extractors' | 'repair_vectors'>,
): Promise<VectorsChange | null> {
  const requests = (patch.feature_extractors ?? []).filter((one) => !hasExtractor(namespace, one))
  const repaired = patch.repair_vectors === true ? await wantedVectors(ports, namespace) : {}
  const available = await extractorsOf(ports, namespace)
  const { extractors, featureExtractors } = parseExtractorRequests(available, requests)
  const vectors = { ...repaired, ...mergeVectors(extractors, namespace.embedding) }
  const { added } = planVectors(namespace.vectors, vectors)
  if (added.length === 0 && featureExtractors.length === 0) return null
  refuseOtherShapes(namespace.vectors, vectors)
  const busy = await readBusyReconfiguration(ports.db, namespace.id)
  if (busy) throw busyConflict(busy)
  const appended = [...namespace.featureExtractors, ...featureExtractors]
  return { vectors, extractors: featureExtractors.length > 0 ? appended : null }
}

export async function changeVectors(
  ports: AddNeeds,
  namespace: Namespace,
  { vectors, extractors }: VectorsChange,
): Promise<void> {
  await addMissingVectors(ports, namespace, vectors, extractors)
}

/** Clients send back what they were answered: what is there already is no request, deployed or not. */
function hasExtractor(
  { featureExtractors }: Namespace,
  { feature_extractor_name: name, version }: ExtractorRequest,
): boolean {
  return featureExtractors.some(
    (one) =>
      one.feature_extractor_name === name && plainVersion(one.version) === plainVersion(version),
  )
}
