import type { Schemas } from '@qdrant/js-client-rest'
import type {
  CollectionDescription,
  DenseSpec,
  HnswConfig,
  SparseSpec,
} from '../../ports/vector-engine.ts'
import { payloadSchemaOf } from '../qdrant/payload-schema.ts'

/** Collection info in the port's words; what the port has no word for is left out. */
export function describeServer(
  name: string,
  info: Schemas['CollectionInfo'],
): CollectionDescription {
  const { params, hnsw_config } = info.config
  return {
    name,
    vectors: Object.fromEntries(
      named<Schemas['VectorParams']>(params.vectors).map(([key, vector]) => [
        key,
        denseSpec(vector),
      ]),
    ),
    sparse_vectors: Object.fromEntries(
      named<Schemas['SparseVectorParams']>(params.sparse_vectors).map(([key, sparse]) => [
        key,
        sparseSpec(sparse),
      ]),
    ),
    hnsw_config: hnswConfig(hnsw_config),
    payload_schema: payloadSchemaOf(info.payload_schema as Parameters<typeof payloadSchemaOf>[0]),
  }
}

/** A collection of ours has named vectors always; `{size, distance}` at the root would be an unnamed one. */
function named<T>(vectors: object | null | undefined): [string, T][] {
  if (!vectors || 'distance' in vectors) return []
  return Object.entries(vectors)
}

function denseSpec({
  size,
  distance,
  on_disk,
  datatype,
  multivector_config,
}: Schemas['VectorParams']): DenseSpec {
  return {
    size,
    distance,
    ...(typeof on_disk === 'boolean' && { on_disk }),
    ...(datatype ? { datatype: datatype as NonNullable<DenseSpec['datatype']> } : {}),
    ...(multivector_config ? { multivector_config: { comparator: 'max_sim' as const } } : {}),
  }
}

function sparseSpec({ modifier }: Schemas['SparseVectorParams']): SparseSpec {
  return modifier ? { modifier: modifier as NonNullable<SparseSpec['modifier']> } : {}
}

function hnswConfig({
  m,
  ef_construct,
  full_scan_threshold,
  payload_m,
}: Schemas['HnswConfig']): HnswConfig {
  return {
    m,
    ef_construct,
    full_scan_threshold,
    ...(typeof payload_m === 'number' && { payload_m }),
  }
}
