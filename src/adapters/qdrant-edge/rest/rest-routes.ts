import type {
  CollectionSpec,
  CountRequest,
  FacetRequest,
  HnswConfig,
  PayloadFieldSchema,
  RetrieveRequest,
  ScrollRequest,
  VectorEngine,
  VectorSpec,
  Write,
} from '../../../ports/vector-engine.ts'
import { infoOf, pointFrom, queryFrom, selectionFrom, type WirePoint } from './rest-words.ts'
import { waitForRepair } from './waited-repairs.ts'

/** An answer other than 200, in the status that Qdrant has for it. */
export class RestRefusal extends Error {
  override readonly name = 'RestRefusal'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface RestCall {
  engine: VectorEngine
  /** Parts of the path that the pattern captured, decoded. */
  names: Record<string, string>
  /** The JSON body; the one caller is our own adapter, through Qdrant's client. */
  body: object
}
export interface RestRoute {
  method: string
  pattern: URLPattern
  /** Answers `result`. */
  handle: (call: RestCall) => Promise<unknown>
}

const done = { status: 'completed' }

/** The subset of Qdrant's REST API that the `qdrant-server` adapter calls, and calls of ours: flush, optimize and repair. */
export const restRoutes: readonly RestRoute[] = [
  route('GET', '/collections', async ({ engine }) => {
    const names = await engine.listCollections()
    return { collections: names.map((name) => ({ name })) }
  }),
  route('GET', '/aliases', async ({ engine }) => {
    const aliases = Object.entries(await engine.listAliases())
    return {
      aliases: aliases.map(([alias_name, collection_name]) => ({ alias_name, collection_name })),
    }
  }),
  route<{ actions: AliasAction[] }>('POST', '/collections/aliases', async ({ engine, body }) => {
    for (const action of body.actions) await changeAlias(engine, action)
    return true
  }),
  route('GET', '/collections/:c', async ({ engine, names: { c } }) => {
    const description = await engine.describeCollection(c)
    if (description === null) throw new RestRefusal(404, `Collection \`${c}\` doesn't exist!`)
    return infoOf(description)
  }),
  route('GET', '/collections/:c/exists', async ({ engine, names: { c } }) => ({
    exists: (await engine.describeCollection(c)) !== null,
  })),
  route<CollectionSpec>('PUT', '/collections/:c', async ({ engine, names: { c }, body }) => {
    if (await engine.describeCollection(c)) {
      throw new RestRefusal(409, `Collection \`${c}\` already exists!`)
    }
    await engine.createCollection(c, body)
    return true
  }),
  route<{ hnsw_config: HnswConfig }>(
    'PATCH',
    '/collections/:c',
    async ({ engine, names: { c }, body }) => {
      await engine.setHnsw(c, body.hnsw_config)
      return true
    },
  ),
  route('DELETE', '/collections/:c', async ({ engine, names: { c } }) => {
    await engine.dropCollection(c)
    return true
  }),
  route('POST', '/collections/:c/flush', async ({ engine, names: { c } }) => {
    await engine.flush(c)
    return done
  }),
  route('POST', '/collections/:c/optimize', ({ engine, names: { c } }) => engine.optimize(c)),
  route<CollectionSpec>('POST', '/collections/:c/repair', ({ engine, names: { c }, body }) =>
    waitForRepair(engine, c, body),
  ),
  route<VectorSpec>(
    'PUT',
    '/collections/:c/vectors/:name',
    async ({ engine, names: { c, name }, body }) => {
      await engine.createVector(c, name, body)
      return done
    },
  ),
  route('DELETE', '/collections/:c/vectors/:name', async ({ engine, names: { c, name } }) => {
    await engine.dropVector(c, name)
    return done
  }),
  route<{ field_name: string; field_schema: PayloadFieldSchema }>(
    'PUT',
    '/collections/:c/index',
    async ({ engine, names: { c }, body }) => {
      await engine.createPayloadIndex(c, body.field_name, body.field_schema)
      return done
    },
  ),
  route('DELETE', '/collections/:c/index/:name', async ({ engine, names: { c, name } }) => {
    await engine.dropPayloadIndex(c, name)
    return done
  }),
  write<{ points: WirePoint[] }>('PUT', 'points', (body) => ({
    kind: 'upsert',
    points: body.points.map(pointFrom),
  })),
  write<{ points: WirePoint[] }>('PUT', 'points/vectors', (body) => ({
    kind: 'update_vectors',
    points: body.points.map(pointFrom).map(({ id, vectors }) => ({ id, vectors })),
  })),
  write<{ vector: string[] }>('POST', 'points/vectors/delete', (body) => ({
    kind: 'delete_vectors',
    selection: selectionFrom(body),
    names: body.vector,
  })),
  write<{ payload: Record<string, unknown>; key?: string }>('POST', 'points/payload', (body) => ({
    kind: 'set_payload',
    selection: selectionFrom(body),
    payload: body.payload,
    ...(body.key !== undefined && { key: body.key }),
  })),
  write<{ payload: Record<string, unknown> }>('PUT', 'points/payload', (body) => ({
    kind: 'overwrite_payload',
    selection: selectionFrom(body),
    payload: body.payload,
  })),
  write<{ keys: string[] }>('POST', 'points/payload/delete', (body) => ({
    kind: 'delete_payload',
    selection: selectionFrom(body),
    keys: body.keys,
  })),
  write('POST', 'points/payload/clear', (body) => ({
    kind: 'clear_payload',
    selection: selectionFrom(body),
  })),
  write('POST', 'points/delete', (body) => ({ kind: 'delete', selection: selectionFrom(body) })),
  route<RetrieveRequest>('POST', '/collections/:c/points', ({ engine, names: { c }, body }) =>
    engine.retrieve(c, body),
  ),
  route<ScrollRequest>('POST', '/collections/:c/points/scroll', ({ engine, names: { c }, body }) =>
    engine.scroll(c, body),
  ),
  route<CountRequest>(
    'POST',
    '/collections/:c/points/count',
    async ({ engine, names: { c }, body }) => ({
      count: await engine.count(c, body),
    }),
  ),
  route<FacetRequest>('POST', '/collections/:c/facet', async ({ engine, names: { c }, body }) => ({
    hits: await engine.facet(c, body),
  })),
  route('POST', '/collections/:c/points/query', async ({ engine, names: { c }, body }) => ({
    points: await engine.query(c, queryFrom(body)),
  })),
  route('POST', '/collections/:c/points/query/groups', async ({ engine, names: { c }, body }) => ({
    groups: await engine.queryGroups(c, queryFrom(body)),
  })),
]

type AliasAction =
  | { create_alias: { alias_name: string; collection_name: string } }
  | { delete_alias: { alias_name: string } }

async function changeAlias(engine: VectorEngine, action: AliasAction): Promise<void> {
  if ('delete_alias' in action) return engine.dropAlias(action.delete_alias.alias_name)
  const { alias_name, collection_name } = action.create_alias
  return engine.setAlias(alias_name, collection_name)
}

function write<B extends object>(
  method: string,
  path: string,
  writeFrom: (body: B) => Write,
): RestRoute {
  return route<B>(method, `/collections/:c/${path}`, async ({ engine, names: { c }, body }) => {
    await engine.write(c, writeFrom(body))
    return done
  })
}

/** `c` and `name` are there where the path has them. */
function route<B extends object>(
  method: string,
  path: string,
  handle: (call: {
    engine: VectorEngine
    names: { c: string; name: string }
    body: B
  }) => Promise<unknown>,
): RestRoute {
  return {
    method,
    pattern: new URLPattern({ pathname: path }),
    handle: ({ engine, names, body }) =>
      handle({ engine, names: { c: '', name: '', ...names }, body: body as B }),
  }
}
