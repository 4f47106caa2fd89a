import { z } from 'zod'
import { builtinExtractors } from '../../domain/extractors/catalogue.ts'
import {
  ExtractorAnswer,
  extractorAnswer,
  ExtractorDiscovery,
  extractorDiscovery,
  NamespaceExtractorAnswer,
  namespaceExtractorAnswer,
} from '../../domain/extractors/extractor-answer.ts'
import type { Extractor } from '../../domain/extractors/extractor.ts'
import { extractorsOf } from '../../domain/extractors/extractors-of.ts'
import { pickExtractor } from '../../domain/extractors/pick-extractor.ts'
import { fail } from '../../domain/failure.ts'
import { findNamespace } from '../../domain/namespaces/find-namespace.ts'
import type { Namespace } from '../../domain/namespaces/namespace.ts'
import { suggestion } from '../../domain/nearest-name.ts'
import type { EmbeddingModel } from '../../ports/embedder.ts'
import type { Ports } from '../../ports/ports.ts'
import { route } from '../route.ts'

export const extractorRoutes = [
  route({
    operationId: 'listExtractors',
    method: 'GET',
    path: '/v1/collections/features/extractors',
    summary: 'The extractors that run here',
    tag: 'extractors',
    access: 'public',
    response: z.array(ExtractorAnswer),
    failures: ['inference_unavailable'],
    handle: async ({ ports, signal }) => {
      const model = await defaultModel(ports, signal)
      return builtinExtractors.map((extractor) => extractorAnswer(extractor, model))
    },
  }),
  route({
    operationId: 'getExtractor',
    method: 'GET',
    path: '/v1/collections/features/extractors/{feature_extractor_id}',
    summary: 'One extractor that runs here',
    tag: 'extractors',
    access: 'public',
    params: z.object({ feature_extractor_id: z.string() }),
    response: ExtractorAnswer,
    failures: ['not_found', 'inference_unavailable'],
    handle: async ({ ports, params, signal }) =>
      extractorAnswer(
        known(builtinExtractors, params.feature_extractor_id),
        await defaultModel(ports, signal),
      ),
  }),
  route({
    operationId: 'discoverExtractors',
    method: 'GET',
    path: '/v1/discovery/extractors',
    summary: 'The extractors that run here, in short, with a body to copy',
    tag: 'extractors',
    access: 'public',
    response: z.array(ExtractorDiscovery),
    failures: ['inference_unavailable'],
    handle: async ({ ports, signal }) => {
      const model = await defaultModel(ports, signal)
      return builtinExtractors.map((extractor) => extractorDiscovery(extractor, model))
    },
  }),
  route({
    operationId: 'listNamespaceExtractors',
    method: 'GET',
    path: '/v1/namespaces/{namespace_id}/extractors',
    summary: 'The extractors that a namespace can use',
    tag: 'extractors',
    access: 'read',
    params: z.object({ namespace_id: z.string() }),
    query: z.object({
      source: z.enum(['builtin', 'custom', 'all']).default('all'),
      include_disabled: z.stringbool().default(false),
    }),
    response: z.object({
      success: z.literal(true),
      extractors: z.array(NamespaceExtractorAnswer),
      total: z.int(),
      namespace_id: z.string(),
      builtin_count: z.int(),
      custom_count: z.int(),
    }),
    failures: ['not_found'],
    handle: async ({ ports, principal, params, query }) => {
      const namespace = await findNamespace(ports, principal.organizationId, params.namespace_id)
      const listed = query.source === 'custom' ? [] : builtinExtractors
      return {
        success: true as const,
        extractors: listed.map((extractor) => answerIn(namespace, extractor)),
        total: listed.length,
        namespace_id: namespace.id,
        builtin_count: listed.length,
        custom_count: 0,
      }
    },
  }),
  route({
    operationId: 'getNamespaceExtractor',
    method: 'GET',
    path: '/v1/namespaces/{namespace_id}/extractors/{extractor_id}',
    summary: 'One extractor that a namespace can use',
    tag: 'extractors',
    access: 'read',
    params: z.object({ namespace_id: z.string(), extractor_id: z.string() }),
    response: NamespaceExtractorAnswer,
    failures: ['not_found'],
    handle: async ({ ports, principal, params }) => {
      const namespace = await findNamespace(ports, principal.organizationId, params.namespace_id)
      return answerIn(namespace, known(await extractorsOf(ports, namespace), params.extractor_id))
    },
  }),
]

/** What a namespace created now would embed with. */
function defaultModel({ embedder, config }: Ports, signal: AbortSignal): Promise<EmbeddingModel> {
  return embedder.describe(config.embeddingModel, signal)
}

function known(extractors: readonly Extractor[], id: string): Extractor {
  const extractor = pickExtractor(extractors, id)
  if (extractor) return extractor
  const ids = extractors.map((one) => one.id)
  const hint = `There are ${ids.join(', ')}${suggestion(id, ids)}`
  throw fail('not_found', { resource: 'extractor', id, hint })
}

function answerIn(namespace: Namespace, extractor: Extractor) {
  const isRegistered = namespace.featureExtractors.some(
    ({ feature_extractor_id }) => feature_extractor_id === extractor.id,
  )
  return namespaceExtractorAnswer(extractor, namespace.embedding, isRegistered)
}
