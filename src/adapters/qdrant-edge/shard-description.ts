import type { Shard } from '../../../edge/index.d.ts'
import type {
  CollectionDescription,
  DenseSpec,
  HnswConfig,
  SparseSpec,
} from '../../ports/vector-engine.ts'
import { payloadSchemaOf, type RawFieldSchema } from '../qdrant/payload-schema.ts'
import { fromJsonBytes } from './json-bytes.ts'

interface ShardInfo {
  vectors: Record<string, DenseSpec>
  sparse_vectors: Record<string, SparseSpec>
  hnsw_config?: HnswConfig | null
  payload_schema: Record<string, RawFieldSchema>
}

/** The shard's own account of itself, in the port's words. */
export async function describeShard(name: string, shard: Shard): Promise<CollectionDescription> {
  const info = fromJsonBytes<ShardInfo>(await shard.info())
  return {
    name,
    vectors: info.vectors,
    sparse_vectors: info.sparse_vectors,
    ...(info.hnsw_config && { hnsw_config: info.hnsw_config }),
    payload_schema: payloadSchemaOf(info.payload_schema),
  }
}
