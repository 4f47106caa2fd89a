import type { StoredBlob } from '../../ports/blob-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { insertExportFiles, trimExports } from '../../store/export-files.ts'
import type { Collection } from '../collections/collection.ts'
import type { ReadPorts } from '../documents/read.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { keepNoted, putNoted } from '../objects/put-noted.ts'
import { tap } from '../query-usage/tapped.ts'
import type { ExportFile } from './export-file.ts'
import {
  exportedPages,
  staged,
  type Exported,
  type ExportSelection,
  type Pages,
} from './exported-documents.ts'
import { csvContent, jsonContent, vectorContent } from './file-contents.ts'
import { parquetContent } from './parquet-content.ts'
import { TableColumns } from './table-columns.ts'

type Needs = ReadPorts & Pick<Ports, 'blobs' | 'now' | 'newId'>

export const exportFormats = ['json', 'csv', 'parquet'] as const
export type ExportFormat = (typeof exportFormats)[number]

export interface CollectionExport {
  file: ExportFile
  /** Apart from the documents, for no table holds vectors well; null where nobody asked for them. */
  vectors: ExportFile | null
  documents: number
  exportedAt: Date
}

/**
 * Files of a collection's documents as they are read once, by id; a document that stays while writes go on is in
 * them. They are kept until they expire, or their collection goes. Throws `bad_request` beyond the limits of
 * documents and columns.
 */
export async function exportCollection(
  ports: Needs,
  namespace: Namespace,
  collection: Collection,
  { format, ...selection }: ExportSelection & { format: ExportFormat },
  signal?: AbortSignal,
): Promise<CollectionExport> {
  const exportedAt = ports.now()
  const counted = new CountedPages(exportedPages(ports, namespace, collection, selection, signal))
  const contents = await contentsOf(ports, counted, format, selection, signal)
  const stored = await putNoted(ports, contents.file, signal)
  const storedVectors = contents.vectors && (await putNoted(ports, contents.vectors, signal))
  const expiresAt = new Date(exportedAt.getTime() + ports.config.exportRetentionMs)
  const make = (
    name: string,
    contentType: string,
    { hash, sizeBytes }: StoredBlob,
  ): ExportFile => ({
    id: ports.newId('exp'),
    namespaceId: namespace.id,
    collectionId: collection.id,
    filename: `${collection.id}${name}`,
    contentType,
    hash,
    sizeBytes,
    expiresAt,
  })
  const file = make(`.${format}`, contentTypes[format], stored)
  const vectors = storedVectors && make('.vectors.ndjson', 'application/x-ndjson', storedVectors)
  await keep(ports, namespace, vectors ? [file, vectors] : [file])
  tap(ports, namespace, {
    asked: { kind: 'bulk', retrieverId: null },
    filter: selection.filter,
    scope: { collectionIds: [collection.id] },
    using: null,
    limit: selection.sampleSize,
    durationMs: counted.waitedMs,
    results: counted.count,
    candidates: null,
  })
  return { file, vectors, documents: counted.count, exportedAt }
}

const contentTypes = {
  json: 'application/json',
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
} as const

interface Contents {
  file: AsyncIterable<Uint8Array>
  vectors: AsyncIterable<Uint8Array> | null
}

/** What is written as it is read needs no second pass: a list of documents, and nothing beside it. */
async function contentsOf(
  ports: Needs,
  pages: Pages,
  format: ExportFormat,
  { select, withVectors }: ExportSelection,
  signal: AbortSignal | undefined,
): Promise<Contents> {
  if (format === 'json' && !withVectors) return { file: jsonContent(pages), vectors: null }
  const { config } = ports
  const table = new TableColumns(select, config.exportColumnsMax)
  const again = await staged(
    ports,
    pages,
    ({ document }) => {
      if (format !== 'json') table.see(document)
    },
    signal,
  )
  const file = {
    json: () => jsonContent(again()),
    csv: () => csvContent(again(), table),
    parquet: () => parquetContent(again(), table, config),
  }[format]()
  return { file, vectors: withVectors ? vectorContent(again()) : null }
}

/** Rows name the contents from here on: both or, where one is gone already, none. */
async function keep(
  ports: Needs,
  { id: namespaceId }: Namespace,
  files: readonly ExportFile[],
): Promise<void> {
  await ports.db.transaction().execute(async (tx) => {
    for (const { hash } of files) {
      if (!(await keepNoted(ports, tx, hash)))
        throw fail('conflict', { reason: 'The file was removed before it was kept; ask again.' })
    }
    await insertExportFiles(tx, files)
    await trimExports(tx, namespaceId, ports.config.exportFilesMax)
  })
}

/** Pages as they come, with how many documents they held, and how long they were waited for. */
class CountedPages {
  readonly #pages: AsyncGenerator<readonly Exported[], void, undefined>
  count = 0
  waitedMs = 0

  constructor(pages: AsyncGenerator<readonly Exported[], void, undefined>) {
    this.#pages = pages
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Exported[], void, undefined> {
    try {
      for (;;) {
        const askedAt = performance.now()
        const next = await this.#pages.next()
        this.waitedMs += performance.now() - askedAt
        if (next.done === true) return
        this.count += next.value.length
        yield next.value
      }
    } finally {
      await this.#pages.return()
    }
  }
}
