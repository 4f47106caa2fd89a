import type { Ports } from '../../ports/ports.ts'
import type { Collection } from '../collections/collection.ts'
import { documentAnswer, type DocumentAnswer } from '../documents/document-answer.ts'
import type { DocumentRecord } from '../documents/document.ts'
import { linesOf } from '../documents/lines.ts'
import { scanDocuments, type ReadPorts } from '../documents/read.ts'
import { fail } from '../failure.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { putNoted } from '../objects/put-noted.ts'

/** One document on its way into a file. */
export interface Exported {
  document: DocumentAnswer
  /** By storage name; null where nobody asked for them. */
  vectors: DocumentRecord['vectors']
}

export interface ExportSelection {
  filter: Filter | null
  /** Fields; null: all. Ids are always there. */
  select: readonly string[] | null
  withVectors: boolean
  /** The first by id, and ids are hashes or random; null: every document. */
  sampleSize: number | null
}

export type Pages = AsyncIterable<readonly Exported[]>

/** Documents of the collection page by page, by id. Throws `bad_request` for more than exportDocumentsMax. */
export async function* exportedPages(
  ports: ReadPorts,
  namespace: Namespace,
  { id }: Pick<Collection, 'id'>,
  { sampleSize, ...selection }: ExportSelection,
  signal?: AbortSignal,
): AsyncGenerator<Exported[], void, undefined> {
  const { exportDocumentsMax: documentsMax } = ports.config
  const wanted = Math.min(sampleSize ?? Infinity, documentsMax + 1)
  let count = 0
  for await (const page of scanDocuments(
    ports,
    namespace,
    { collectionIds: [id] },
    selection,
    signal,
  )) {
    const taken = page.slice(0, wanted - count)
    count += taken.length
    if (count > documentsMax) throw tooMany(documentsMax)
    yield taken.map((record) => exportedOf(record, namespace))
    if (count >= wanted) return
  }
}

/**
 * The same pages once more, as they were read the first time: kept in the blob store meanwhile, which forgets what no
 * row names. `look` sees every document before the first of them is answered.
 */
export async function staged(
  ports: Pick<Ports, 'db' | 'blobs'>,
  pages: Pages,
  look: (exported: Exported) => void,
  signal?: AbortSignal,
): Promise<() => Pages> {
  const lines = async function* () {
    for await (const page of pages) {
      page.forEach(look)
      yield Buffer.from(page.map((each) => `${JSON.stringify(each)}\n`).join(''))
    }
  }
  const { hash } = await putNoted(ports, lines(), signal)
  return async function* () {
    const chunks = await ports.blobs.open(hash, signal)
    if (!chunks) throw new Error(`What was read for an export is gone: ${hash}.`)
    for await (const page of linesOf(chunks, Infinity)) yield page.map(parsed)
  }
}

function parsed(line: { text: string } | { reason: string }): Exported {
  if ('text' in line) return JSON.parse(line.text)
  throw new Error(`What was read for an export is spoilt: a line ${line.reason}.`)
}

function exportedOf(record: DocumentRecord, namespace: Namespace): Exported {
  return { document: documentAnswer(record, { namespace }), vectors: record.vectors }
}

function tooMany(limit: number) {
  return fail('bad_request', {
    reason: `The file would hold more than ${limit} documents (NACRE_EXPORT_DOCUMENTS_MAX).`,
    hint: 'Narrow it by filters, or take a part of them by sample_size.',
  })
}
