import { z } from 'zod'
import { builtinExtractors } from '../../domain/extractors/catalogue.ts'
import {
  ExtractorAnswer,
  extractorAnswer,
  ExtractorDiscovery,
  extractorDiscovery,
  NamespaceExtractorAnswer,
} from '../../domain/extractors/extractor-answer.ts'
import {
  findNamespaceExtractor,
  listNamespaceExtractors,
  requireExtractor,
} from '../../domain/extractors/list-extractors.ts'
import { findNamespace } from '../../domain/namespaces/find-namespace.ts'
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
        requireExtractor(builtinExtractors, params.feature_extractor_id),
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
      const { source, include_disabled: includeDisabled } = query
      const all = await listNamespaceExtractors(ports, namespace, includeDisabled)
      const extractors = all.filter((one) => source === 'all' || one.source === source)
      const builtins = extractors.filter((one) => one.source === 'builtin')
      return {
        success: true as const,
        extractors,
        total: extractors.length,
        namespace_id: namespace.id,
        builtin_count: builtins.length,
        custom_count: extractors.length - builtins.length,
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
      return await findNamespaceExtractor(ports, namespace, params.extractor_id)
    },
  }),
]

/** What a namespace created now would embed with. */
function defaultModel({ embedder, config }: Ports, signal: AbortSignal): Promise<EmbeddingModel> {
  return embedder.describe(config.embeddingModel, signal)
}
