import type { EmbeddingModel } from '../../ports/embedder.ts'
import type { Ports } from '../../ports/ports.ts'
import {
  claimNamespace,
  deleteNamespaceRow,
  markNamespaceReady,
  readNamespaceById,
} from '../../store/namespaces.ts'
import { insertIndexes } from '../../store/payload-indexes.ts'
import { fail } from '../failure.ts'
import { builtinExtractors } from '../extractors/catalogue.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { addCheck } from '../index-advisor/add-check.ts'
import type { Principal } from '../organizations/principal.ts'
import { convergeIndexes } from '../payload-indexes/converge-indexes.ts'
import { parsePayloadIndexes } from '../payload-indexes/parse-payload-indexes.ts'
import type { PayloadIndex } from '../payload-indexes/payload-index.ts'
import { extractorIndexes, systemIndexes } from '../payload-indexes/system-indexes.ts'
import { enableInNew, refuseWithoutHost, sharedPlugins } from '../plugins/enable-in-new.ts'
import { pluginExtractor } from '../plugins/plugin-extractor.ts'
import type { Plugin } from '../plugins/plugin.ts'
import { resourceName } from '../resource-name.ts'
import { addExpiry } from './delete-namespace.ts'
import { parseInfrastructure } from './infrastructure.ts'
import type { ExclusiveLease } from './lease.ts'
import { collectionSpec, mergeVectors } from './merge-vectors.ts'
import {
  aliasOf,
  collectionOf,
  namespaceNameRules,
  type Namespace,
  type VectorDefinition,
} from './namespace.ts'
import type { NewNamespace } from './namespace-request.ts'
import { parseOwnVectors } from './own-vectors.ts'
import { parseExtractorRequests } from './parse-extractor-requests.ts'

type Needs = Pick<
  Ports,
  | 'db'
  | 'queue'
  | 'cache'
  | 'leases'
  | 'vectors'
  | 'embedder'
  | 'plugins'
  | 'log'
  | 'config'
  | 'now'
  | 'newId'
>

/** When the job looks whether the maker of a claim died; it waits for a living one by the lease. */
const convergeAfterSeconds = 60

/**
 * Contract 7.1. The name is claimed first and marked ready last: of two racing callers one wins before anything is
 * built, and a claim whose maker died shows and is finished. A creation that fails leaves nothing.
 * Throws `request_invalid`, `not_found` for an unknown extractor, `already_exists`, `conflict`, `forbidden`,
 * `plugins_unavailable`.
 */
export async function createNamespace(
  ports: Needs,
  principal: Principal,
  request: NewNamespace,
): Promise<Namespace> {
  const shared = await sharedPlugins(ports, principal.organizationId)
  const namespace = await planNamespace(ports, principal, request, shared)
  const plugins = shared.filter(({ pluginId }) =>
    namespace.featureExtractors.some((one) => one.feature_extractor_id === pluginId),
  )
  await refuseWithoutHost(ports, plugins)
  await claim(ports, namespace, plugins, request.ttl_seconds ?? null)
  await ports.leases.exclusive(namespace.id, 'creating the namespace', async (lease) => {
    try {
      await finishNamespace(ports, namespace, lease)
    } catch (error) {
      await undoCreation(ports, namespace, error)
      throw error
    }
  })
  return (await readNamespaceById(ports.db, namespace.id)) ?? namespace
}

/** Safe to run again from any point: each step does nothing where it is already done. */
export async function finishNamespace(
  ports: Pick<Ports, 'db' | 'queue' | 'cache' | 'vectors' | 'config'>,
  namespace: Namespace,
  lease: Pick<ExclusiveLease, 'check'>,
): Promise<void> {
  const { db, queue, cache, vectors } = ports
  await vectors.createCollection(collectionOf(namespace), collectionSpec(namespace.vectors))
  await convergeIndexes(ports, namespace, lease)
  await vectors.setAlias(aliasOf(namespace), collectionOf(namespace))
  await lease.check()
  await db.transaction().execute(async (tx) => {
    // There is nothing left for it to finish.
    if (await markNamespaceReady(tx, namespace.id))
      await queue.withdraw(tx, 'namespace.converge', namespace.id)
  })
  cache.forget('namespaces')
}

/** What a creation has made so far, taken away: the claim last, so that what is left still shows. */
export async function undoNamespace(
  { db, cache, vectors }: Pick<Ports, 'db' | 'cache' | 'vectors'>,
  namespace: Pick<Namespace, 'id' | 'generation'>,
): Promise<void> {
  await vectors.dropAlias(aliasOf(namespace))
  await vectors.dropCollection(collectionOf(namespace))
  await deleteNamespaceRow(db, namespace.id)
  cache.forget('namespaces')
}

async function undoCreation(ports: Needs, namespace: Namespace, cause: unknown): Promise<void> {
  try {
    await undoNamespace(ports, namespace)
  } catch (error) {
    // The claim stays and shows; the converging job takes it from here.
    ports.log.warn({ namespaceId: namespace.id, cause, error }, 'failed namespace not undone yet')
  }
}

async function planNamespace(
  ports: Needs,
  principal: Principal,
  request: NewNamespace,
  shared: readonly Plugin[],
): Promise<Namespace> {
  const name = resourceName(
    request.namespace_name ?? request.name,
    ['body', 'namespace_name'],
    namespaceNameRules,
  )
  const { extractors, featureExtractors } = parseExtractorRequests(
    [...builtinExtractors, ...shared.map(pluginExtractor)],
    request.feature_extractors ?? [],
  )
  const id = ports.newId('ns')
  const payloadIndexes = planIndexes(ports, request, extractors)
  const infrastructure = planInfrastructure(request, id, principal)
  const embedding = await ports.embedder.describe(ports.config.embeddingModel)
  const vectors = planVectors(ports, request, extractors, embedding)
  const at = ports.now()
  return {
    id,
    organizationId: principal.organizationId,
    name,
    description: request.description ?? null,
    namespaceType: request.namespace_type ?? 'standard',
    state: 'creating',
    generation: 1,
    featureExtractors,
    vectors,
    embedding,
    payloadIndexes,
    autoCreateIndexes: request.auto_create_indexes ?? false,
    infrastructure,
    createdAt: at,
    updatedAt: at,
  }
}

/** Those of the extractors, and the client's own beside them. */
function planVectors(
  { config }: Pick<Ports, 'config'>,
  request: NewNamespace,
  extractors: readonly Extractor[],
  model: EmbeddingModel,
): Record<string, VectorDefinition> {
  const taken = new Map(
    [...extractors, ...builtinExtractors].flatMap((extractor) =>
      extractor.vectors(model).map(({ name }) => [name, extractor.id] as const),
    ),
  )
  const own = parseOwnVectors(request.vectors ?? {}, {
    location: ['body', 'vectors'],
    extractors,
    taken,
    ownVectorsMax: config.ownVectorsMax,
  })
  return { ...mergeVectors(extractors, model), ...own }
}

function planIndexes(
  { config }: Pick<Ports, 'config'>,
  request: NewNamespace,
  extractors: readonly Extractor[],
): PayloadIndex[] {
  const existing = [...systemIndexes(), ...extractorIndexes(extractors)]
  const declared = parsePayloadIndexes(request.payload_indexes ?? [], {
    location: ['body', 'payload_indexes'],
    existing,
    indexesMax: config.indexesMax,
  })
  const custom = { origin: 'user', isProtected: false, state: 'pending', error: null } as const
  return [...existing, ...declared.map((index) => ({ ...index, ...custom }))]
}

/** A client cannot know the collection's name before the namespace has an id: what it sends is not looked at. */
function planInfrastructure(
  request: NewNamespace,
  id: string,
  principal: Principal,
): Record<string, unknown> {
  const { qdrant_collection: _, ...given } = request.infrastructure ?? {}
  return (
    parseInfrastructure(given, { id, infrastructure: {} }, principal, ['body', 'infrastructure']) ??
    {}
  )
}

async function claim(
  ports: Needs,
  namespace: Namespace,
  plugins: readonly Plugin[],
  ttlSeconds: number | null,
): Promise<void> {
  const { db, queue } = ports
  const expiresAt =
    ttlSeconds === null ? null : new Date(namespace.createdAt.getTime() + ttlSeconds * 1000)
  const payload = { namespace_id: namespace.id }
  await db.transaction().execute(async (tx) => {
    if (!(await claimNamespace(tx, namespace, expiresAt))) {
      throw fail('already_exists', { resource: 'namespace', name: namespace.name })
    }
    await insertIndexes(tx, namespace.id, namespace.payloadIndexes, null)
    await enableInNew(tx, namespace, plugins)
    await queue.add(tx, 'namespace.converge', payload, {
      delaySeconds: convergeAfterSeconds,
      singletonKey: namespace.id,
    })
    if (namespace.autoCreateIndexes) await addCheck(tx, queue, namespace.id)
    if (ttlSeconds !== null) await addExpiry(ports, tx, namespace.id, ttlSeconds)
  })
}
