import { extractorsOf, type ExtractorNeeds } from '../extractors/extractors-of.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { pickExtractor } from '../extractors/pick-extractor.ts'
import { fail } from '../failure.ts'
import { isSameShape, mergeVectors } from '../namespaces/merge-vectors.ts'
import type { Namespace, VectorDefinition } from '../namespaces/namespace.ts'
import { shapeOf, type Vectors } from './plan-vectors.ts'

/**
 * What the namespace's schema is to hold: the vectors of its extractors and of every deployed plugin, and those that
 * clients bring with their documents (design 4). Throws `conflict` that names both where two declare one name
 * differently.
 */
export async function wantedVectors(
  ports: ExtractorNeeds,
  namespace: Namespace,
): Promise<Record<string, VectorDefinition>> {
  const merged = mergeVectors(await runningExtractors(ports, namespace), namespace.embedding)
  return mergeOwn(namespace.vectors, merged)
}

/** Those of the namespace that run here, and its deployed plugins, whether the namespace names them or not. */
async function runningExtractors(
  ports: ExtractorNeeds,
  namespace: Namespace,
): Promise<Extractor[]> {
  const all = await extractorsOf(ports, namespace)
  const named = namespace.featureExtractors.flatMap(
    ({ feature_extractor_id: id }) => pickExtractor(all, id) ?? [],
  )
  return [...new Set([...named, ...all.filter(({ source }) => source === 'custom')])]
}

/** In the order of the extractors, for a stored schema has none; what is the namespace's own stands behind them. */
function mergeOwn(present: Vectors, merged: Vectors): Record<string, VectorDefinition> {
  const own = Object.entries(present).filter(([, { extractorId }]) => extractorId === null)
  const kept = own.map(([name, definition]) => {
    const declared = Object.hasOwn(merged, name) ? merged[name] : undefined
    return [name, ownOf(definition, declared)] as const
  })
  return { ...merged, ...Object.fromEntries(kept) }
}

function ownOf(own: VectorDefinition, declared: VectorDefinition | undefined): VectorDefinition {
  if (!declared || isSameShape(own, declared)) return own
  const { name } = own
  throw fail('conflict', {
    reason: `The vector '${name}' is the namespace's own (${shapeOf(own)}), and ${String(declared.extractorId)} declares it differently (${shapeOf(declared)}).`,
    details: { vector: name, extractors: [null, declared.extractorId] },
  })
}
