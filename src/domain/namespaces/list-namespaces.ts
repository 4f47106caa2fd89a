import { sql } from 'kysely'
import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import { listPage, type Listed } from '../../store/listing.ts'
import { namespacesOf } from '../../store/namespaces.ts'
import type { ListRequest, ListResult } from '../listing.ts'
import { namespaceAnswers, type NamespaceAnswer } from './namespace-answer.ts'
import type { Namespace } from './namespace.ts'

const parts = [
  'feature_extractors',
  'payload_indexes',
  'documents',
  'buckets',
  'collections',
  'objects',
] as const
type Part = (typeof parts)[number]

/** Sums and means over the namespaces of one answer (contract 7.3). */
export const NamespaceListStats = z.record(z.string(), z.number())

export interface NamespaceList {
  answers: NamespaceAnswer[]
  result: ListResult<NamespaceAnswer>
  stats: z.infer<typeof NamespaceListStats>
}

/** The organization's namespaces that can be used, with counts that are true now. */
export async function listNamespaces(
  ports: Ports,
  organizationId: string,
  request: ListRequest,
): Promise<NamespaceList> {
  const listed: Listed<'namespaces', Namespace> = {
    table: 'namespaces',
    where: sql`organization_id = ${organizationId} and state = 'ready'`,
    columns: {
      namespace_id: 'id',
      namespace_name: 'name',
      name: 'name',
      created_at: 'created_at',
      updated_at: 'updated_at',
    },
    read: async (rows) => await namespacesOf(ports.db, rows),
    view,
  }
  const result = await listPage(ports, listed, request)
  const answers = await namespaceAnswers(ports, result.rows)
  return { answers, result: { ...result, rows: answers }, stats: statsOf(answers) }
}

/** What the row says; parts are counted only of the namespaces that are shown. */
function view(namespace: Namespace): Record<string, unknown> {
  return {
    namespace_id: namespace.id,
    namespace_name: namespace.name,
    name: namespace.name,
    description: namespace.description,
    namespace_type: namespace.namespaceType,
    feature_extractors: namespace.featureExtractors,
    auto_create_indexes: namespace.autoCreateIndexes,
    created_at: namespace.createdAt.toISOString(),
    updated_at: namespace.updatedAt.toISOString(),
  }
}

function statsOf(answers: readonly NamespaceAnswer[]): Record<string, number> {
  const totals = parts.map(
    (part) => [part, answers.reduce((sum, answer) => sum + countOf(answer, part), 0)] as const,
  )
  const mean = (total: number) => (answers.length === 0 ? 0 : total / answers.length)
  return Object.fromEntries(
    totals.flatMap(([part, total]) => [
      [`total_${part}`, total],
      [`avg_${part}_per_namespace`, mean(total)],
    ]),
  )
}

function countOf(answer: NamespaceAnswer, part: Part): number {
  switch (part) {
    case 'feature_extractors':
      return answer.feature_extractors.length
    case 'payload_indexes':
      return answer.payload_indexes.length
    case 'documents':
      return answer.document_count ?? 0
    case 'buckets':
      return answer.bucket_count ?? 0
    case 'collections':
      return answer.collection_count ?? 0
    case 'objects':
      return answer.object_count ?? 0
  }
}
