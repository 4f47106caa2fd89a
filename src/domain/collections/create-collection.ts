import type { Ports } from '../../ports/ports.ts'
import { insertCollection } from '../../store/collections.ts'
import { parseBucketSchema } from '../buckets/bucket-schema.ts'
import { absentPlugins } from '../extractors/absent-plugins.ts'
import { extractorsOf } from '../extractors/extractors-of.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { resourceName, type NameRules } from '../resource-name.ts'
import type { Collection } from './collection.ts'
import { outputSchemaOf } from './output-schema.ts'
import { parseExtractor } from './parse-extractor.ts'
import { parseSource } from './parse-source.ts'

type Needs = Pick<Ports, 'db' | 'cache' | 'config' | 'now' | 'newId'>

export const collectionNames: NameRules = {
  idPrefix: 'col',
  reserved: ['list', 'features'],
  lengthMin: 3,
}

/** The body as the client sent it (contract 15.1, 24). */
export interface CollectionSpec {
  collection_name?: unknown
  name?: unknown
  description?: string | null | undefined
  source?: unknown
  feature_extractor?: unknown
  feature_extractors?: unknown
  input_schema?: unknown
  enabled?: boolean | null | undefined
  metadata?: Record<string, unknown> | null | undefined
}

/**
 * Everything is checked before anything is written. A source must exist when its reader is made and never changes
 * after, so sources form no cycle. Throws `already_exists` where the name is taken.
 */
export async function createCollection(
  ports: Needs,
  namespace: Namespace,
  spec: CollectionSpec,
): Promise<{ collection: Collection; warnings: string[] }> {
  const nameAt =
    spec.collection_name === undefined && spec.name !== undefined ? 'name' : 'collection_name'
  const name = resourceName(spec[nameAt], ['body', nameAt], collectionNames)
  const { source, fields } = await parseSource(ports, namespace, spec.source, ['body', 'source'])
  const given = parseBucketSchema(spec.input_schema, ['body', 'input_schema'])
  const inputSchema = Object.keys(given).length > 0 ? given : fields
  const place = {
    namespace,
    extractors: await extractorsOf(ports, namespace),
    absent: await absentPlugins(ports, namespace),
  }
  const { config, extractor, warnings } = parseExtractor(place, spec, inputSchema)
  const at = ports.now()
  const collection: Collection = {
    id: ports.newId('col'),
    namespaceId: namespace.id,
    name,
    description: spec.description ?? null,
    source,
    extractor: config,
    inputSchema,
    outputSchema: outputSchemaOf(config, extractor, inputSchema),
    schemaVersion: 1,
    schemaSyncedAt: null,
    enabled: spec.enabled ?? true,
    metadata: spec.metadata ?? {},
    state: 'active',
    createdAt: at,
    updatedAt: at,
  }
  if (!(await insertCollection(ports.db, collection))) {
    throw fail('already_exists', { resource: 'collection', name })
  }
  ports.cache.forget('collections')
  return { collection, warnings }
}
