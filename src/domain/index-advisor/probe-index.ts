import type { Ports } from '../../ports/ports.ts'
import { documentIdOf, type DocumentRecord } from '../documents/document.ts'
import { scanDocuments, type ReadPorts } from '../documents/read.ts'
import { fieldValues } from '../filters/field-values.ts'
import type { Filter } from '../filters/filter.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import { sameSchema } from '../payload-indexes/index-schema.ts'
import type { PayloadIndex } from '../payload-indexes/payload-index.ts'
import { judgeIds, type Judged } from './judge-ids.ts'

export interface ProbedIndex {
  /** Documents that were looked for by their own value. */
  documents: number
  /** Point ids of those that were not found: the index is dead, or only half built. */
  missing: string[]
  /** Whether the engine has no such index, or another. */
  isAbsent: boolean
}

/** Pages of documents, from places all over the namespace, so that each of the engine's segments is looked into. */
const places = 8
const documentsOfPlace = 64
/** Different values that are looked for, all in one query each. */
const valuesMax = 32

/**
 * Whether an index answers for what is stored (I-7, AI-13): documents from all over the namespace are looked for by
 * the values that they have at its path. What does not come back, and has the value still, the index does not know.
 */
export async function probeIndex(
  ports: ReadPorts & Pick<Ports, 'vectors'>,
  namespace: Namespace,
  index: Pick<PayloadIndex, 'path' | 'fieldName' | 'schema'>,
  signal?: AbortSignal,
): Promise<ProbedIndex> {
  const there = await ports.vectors.describeCollection(collectionOf(namespace), signal)
  const found = there?.payload_schema[index.path]
  const isAbsent = !found || !sameSchema(found, index.schema)
  const samples = await documentsThroughout(ports, namespace, index.fieldName, signal)
  const missing: string[] = []
  let documents = 0
  for (const [value, ids] of byValue(samples, index.fieldName)) {
    documents += ids.length
    const filter = eq(index.fieldName, value)
    const lost = await notFound(ports, namespace, filter, ids, signal)
    if (lost.length === 0) continue
    const judged = await judgeIds(ports, namespace, { filter, collectionIds: null }, lost, signal)
    missing.push(...judged.filter(isWrong).map(({ pointId }) => pointId))
  }
  return { documents, missing, isAbsent }
}

/** Of these documents those that the engine, asked for them and the value, does not answer. */
async function notFound(
  ports: ReadPorts,
  namespace: Namespace,
  filter: Filter,
  pointIds: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const among = leafOf('document_id', 'in', pointIds.map(documentIdOf))
  const request = { filter: both(among, filter), select: [], withVectors: false }
  const found = new Set<string>()
  for await (const page of scanDocuments(ports, namespace, everything, request, signal)) {
    for (const { pointId } of page) found.add(pointId)
  }
  return pointIds.filter((id) => !found.has(id))
}

const everything = { collectionIds: null }

function isWrong({ engine, naive }: Judged): boolean {
  return naive === true && !engine
}

function both(a: Filter, b: Filter): Filter {
  return { kind: 'and', filters: [a, b] }
}

function eq(field: string, value: unknown): Filter {
  return leafOf(field, 'eq', value)
}

function leafOf(field: string, operator: 'eq' | 'in', value: unknown): Filter {
  return { kind: 'leaf', field, operator, value, caseSensitive: null }
}

/** Value → documents that have it, of the values that most of these documents have. */
function byValue(
  records: readonly DocumentRecord[],
  field: string,
): [string | number | boolean, string[]][] {
  const groups = new Map<string | number | boolean, string[]>()
  for (const { pointId, payload } of records) {
    const [value] = fieldValues(payload ?? {}, field).flat()
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      continue
    groups.set(value, [...(groups.get(value) ?? []), pointId])
  }
  return [...groups].toSorted(([, a], [, b]) => b.length - a.length).slice(0, valuesMax)
}

async function documentsThroughout(
  ports: ReadPorts,
  namespace: Namespace,
  field: string,
  signal: AbortSignal | undefined,
): Promise<DocumentRecord[]> {
  const found = new Map<string, DocumentRecord>()
  for (let place = 0; place < places; place++) {
    const digit = Math.floor((place * 16) / places).toString(16)
    const startAt = `${digit}0000000-0000-4000-8000-000000000000`
    const select = [field]
    const request = {
      filter: null,
      startAt,
      pageSize: documentsOfPlace,
      select,
      withVectors: false,
    }
    const pages = scanDocuments(ports, namespace, { collectionIds: null }, request, signal)
    for (const record of (await pages.next()).value ?? []) found.set(record.pointId, record)
    await pages.return()
  }
  return [...found.values()]
}
