import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import type { Collection } from '../collections/collection.ts'
import { invalid } from '../failure.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { changeFields, type FieldsChange } from './change-fields.ts'
import { checkFieldNames } from './check-document.ts'
import { pointIdIn, type DocumentRecord } from './document.ts'
import { tapped } from '../query-usage/tapped.ts'
import { retrieveDocuments, scanDocuments, type Selection } from './read.ts'
import { deleteDocuments } from './delete-documents.ts'
import type { WritePorts } from './write.ts'

/** A free object: the fields of a PUT or PATCH (contract 16.2). */
export const DocumentFields = z.record(z.string(), z.unknown())

/** Throws `request_invalid` for the system's fields and for vectors, which cannot be changed (contract 16.2). */
export function checkChange(
  namespace: Namespace,
  { kind, fields }: FieldsChange,
  location: (string | number)[] = ['body'],
): void {
  checkFieldNames(namespace, fields, location, kind === 'patch' ? 'dotted' : 'plain')
}

/** Changes one document that was found before. Throws `request_invalid`, `not_found` where it is gone meanwhile. */
export async function changeFoundDocument(
  ports: WritePorts,
  namespace: Namespace,
  found: DocumentRecord,
  change: FieldsChange,
  signal?: AbortSignal,
): Promise<DocumentRecord | null> {
  checkChange(namespace, change)
  const [changed] = await changeFields(ports, namespace, [found.pointId], change, signal)
  return changed ?? null
}

const idsOnly: Selection = { select: [], withVectors: false }

/** Changes every document of the collection that meets the filter, page by page; answers how many. */
export async function changeMatchingDocuments(
  ports: WritePorts,
  namespace: Namespace,
  collection: Pick<Collection, 'id'>,
  filter: Filter | null,
  fields: Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
): Promise<number> {
  const change: FieldsChange = { kind: 'patch', fields }
  checkChange(namespace, change, ['body', 'update_data'])
  const scope = { collectionIds: [collection.id] }
  // Found first and changed afterwards, so that a change that ends a match does not move later pages.
  const pointIds: string[] = []
  const asked = { kind: 'bulk', retrieverId: null } as const
  const read = { filter, scope, limit: null }
  const find = async () => {
    const scan = scanDocuments(ports, namespace, scope, { filter, ...idsOnly }, signal)
    for await (const page of scan) for (const { pointId } of page) pointIds.push(pointId)
  }
  const found = () => ({ results: pointIds.length, candidates: null })
  await tapped(ports, namespace, asked, read, find, found)
  let changed = 0
  for (let i = 0; i < pointIds.length; i += changesMax) {
    const ids = pointIds.slice(i, i + changesMax)
    changed += (await changeFields(ports, namespace, ids, change, signal)).length
  }
  return changed
}

/** Documents read, changed and written in one turn of a namespace. */
const changesMax = 200

/** What became of one document of a batch, in the order of the request. */
export interface DocumentOutcome {
  document_id: string
  success: boolean
  error: string | null
}

/** Changes single documents, each for itself: one that is absent does not spoil its neighbours. */
export async function changeDocumentBatch(
  ports: WritePorts,
  namespace: Namespace,
  collection: Pick<Collection, 'id'>,
  updates: readonly { document_id: string; update_data: Record<string, unknown> }[],
  signal?: AbortSignal,
): Promise<DocumentOutcome[]> {
  updates.forEach(({ update_data: fields }, i) => {
    checkChange(namespace, { kind: 'patch', fields }, ['body', 'updates', i, 'update_data'])
  })
  const there = await idsThere(ports, namespace, collection, updates, signal)
  const outcomes: DocumentOutcome[] = []
  for (const { document_id, update_data: fields } of updates) {
    const id = pointIdIn(collection.id, document_id)
    const change: FieldsChange = { kind: 'patch', fields }
    const changed = there.has(id) ? await changeFields(ports, namespace, [id], change, signal) : []
    outcomes.push(outcomeOf(document_id, changed.length > 0))
  }
  return outcomes
}

/** Deletes single documents, each for itself. */
export async function deleteDocumentBatch(
  ports: WritePorts,
  namespace: Namespace,
  collection: Pick<Collection, 'id'>,
  documentIds: readonly string[],
  signal?: AbortSignal,
): Promise<DocumentOutcome[]> {
  const named = documentIds.map((document_id) => ({ document_id }))
  const there = await idsThere(ports, namespace, collection, named, signal)
  await deleteDocuments(ports, namespace, { pointIds: [...there] }, signal)
  return documentIds.map((id) => outcomeOf(id, there.has(pointIdIn(collection.id, id))))
}

/** Deletes what a filter finds. Throws `request_invalid` where it names no condition: that would be everything. */
export async function deleteMatchingDocuments(
  ports: WritePorts,
  namespace: Namespace,
  collection: Pick<Collection, 'id'>,
  filter: Filter | null,
  signal?: AbortSignal,
): Promise<number> {
  if (filter === null) {
    throw invalid(
      ['body', 'filters'],
      'names no condition, and would delete every document',
      'empty',
    )
  }
  const asked = { kind: 'bulk', retrieverId: null } as const
  const selection = { filter, collectionIds: [collection.id], asked }
  return await deleteDocuments(ports, namespace, selection, signal)
}

async function idsThere(
  ports: Pick<Ports, 'vectors'>,
  namespace: Namespace,
  collection: Pick<Collection, 'id'>,
  named: readonly { document_id: string }[],
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  const ids = named.map(({ document_id }) => pointIdIn(collection.id, document_id))
  const selection = { select: ['collection_id'], withVectors: false }
  const records = await retrieveDocuments(ports, namespace, [...new Set(ids)], selection, signal)
  const own = records.filter(({ collectionId }) => collectionId === collection.id)
  return new Set(own.map(({ pointId }) => pointId))
}

function outcomeOf(document_id: string, success: boolean): DocumentOutcome {
  return {
    document_id,
    success,
    error: success ? null : `Document '${document_id}' does not exist.`,
  }
}
