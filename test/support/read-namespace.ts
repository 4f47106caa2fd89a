import type { Answer, TestServer } from './server.ts'

/** A namespace on a server, with documents in one collection, and clients who read them. */
export interface ReadNamespace {
  id: string
  name: string
  collectionId: string
  /** Adds documents; each stands as it is given. */
  add(documents: readonly object[]): Promise<void>
  /** The collection's list with this body, so many times over HTTP; answers the last. */
  read(body: object, times?: number): Promise<Answer>
}

/** With vectors of its own, so that nothing has to be embedded; `given` joins the request that makes it. */
export async function openReadNamespace(
  server: TestServer,
  name: string,
  given: object = {},
): Promise<ReadNamespace> {
  const { namespace_id: id } = await server.call('POST', '/v1/namespaces', {
    namespace_name: name,
    vectors: { place: { dimensions: 2, distance: 'cosine' } },
    ...given,
  })
  const call = (method: string, path: string, body: object) =>
    server.call(method, path, body, { 'x-namespace': id })
  const { bucket_id } = await call('POST', '/v1/buckets', {
    bucket_name: 'none',
    bucket_schema: { properties: {} },
  })
  const { collection_id: collectionId } = await call('POST', '/v1/collections', {
    collection_name: 'all',
    source: { type: 'bucket', bucket_ids: [bucket_id] },
    feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
  })
  const documents = `/v1/collections/${collectionId}/documents`
  return {
    id,
    name,
    collectionId,
    async add(lines) {
      const response = await server.fetch(`${documents}/import`, {
        method: 'POST',
        headers: { 'x-namespace': id, 'content-type': 'application/x-ndjson' },
        body: lines.map((line) => JSON.stringify(line)).join('\n'),
      })
      const { written } = (await response.json()) as Answer
      if (written !== lines.length) throw new Error(`${written} of ${lines.length} were written`)
    },
    async read(body, times = 1) {
      let answer: Answer = null
      for (let i = 0; i < times; i++) answer = await call('POST', `${documents}/list`, body)
      return answer
    },
  }
}
