import type { ServerClient } from '../reach-server.ts'

interface ExtractorsAnswer {
  extractors: {
    required_vector_indexes?: {
      name: string
      index: { dimensions?: number | null; distance?: string; type: string }
    }[]
  }[]
}

/** Vector name → `128 cosine`, of every extractor that the namespace can use. */
export async function vectorShapes(
  server: Pick<ServerClient, 'call'>,
  namespaceId: string,
): Promise<Map<string, string>> {
  const { extractors } = await server.call<ExtractorsAnswer>(
    'GET',
    `/v1/namespaces/${namespaceId}/extractors`,
  )
  const indexes = extractors.flatMap(({ required_vector_indexes: all = [] }) => all)
  return new Map(
    indexes.map(({ name, index: { dimensions, distance, type } }) => [
      name,
      type === 'sparse' ? type : [dimensions, distance].join(' ').trim(),
    ]),
  )
}
