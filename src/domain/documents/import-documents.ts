import type { Ports } from '../../ports/ports.ts'
import type { Collection } from '../collections/collection.ts'
import { isFailure } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { DocumentRequest, newDocument } from './create-document.ts'
import type { NewDocument } from './document.ts'
import { linesOf, type Line } from './lines.ts'
import { flushDocuments, foreignPoints, writeDocuments, type WritePorts } from './write.ts'

export interface ImportReport {
  /** Lines that were not empty: `written + failed`. */
  received: number
  written: number
  failed: number
  /** The first faults; `failed` counts all. */
  errors: { line: number; reason: string }[]
}

/** Faults named in the answer, so that a million wrong lines do not make a huge one. */
export const importErrorsMax = 100

/** Documents and bytes of text written at a time; the next ones are read and parsed meanwhile. */
const chunkDocumentsMax = 1_000
const chunkBytesMax = 8 << 20

/**
 * Writes the documents of a newline-delimited body as it comes: a line is what `POST …/documents` takes. A wrong
 * line is counted and told, and spoils no other; an id that is there is overwritten, so an import can be sent again.
 * What the answer counts as written is power-safe. `parse` reads a line as the HTTP edge reads a body.
 */
export async function importDocuments(
  ports: WritePorts & Pick<Ports, 'newId'>,
  namespace: Namespace,
  collection: Pick<Collection, 'id' | 'name'>,
  body: AsyncIterable<Uint8Array>,
  parse: (text: string) => unknown,
  signal?: AbortSignal,
): Promise<ImportReport> {
  const report: ImportReport = { received: 0, written: 0, failed: 0, errors: [] }
  let chunk: Parsed[] = []
  let bytes = 0
  let writing: Promise<void> = Promise.resolve()

  async function hand(): Promise<void> {
    // One write at a time, beside which the next chunk is parsed.
    await writing
    const documents = chunk
    writing = writeChunk(ports, namespace, collection, documents, report, signal)
    // Awaited before the next write and at the end; until then a failure is nobody's yet.
    writing.catch(() => {})
    chunk = []
    bytes = 0
  }

  for await (const lines of linesOf(body, ports.config.importLineBytesMax)) {
    signal?.throwIfAborted()
    for (const line of lines) {
      if ('text' in line && line.text.trim() === '') continue
      report.received += 1
      const parsed = parseLine(ports, namespace, collection, line, parse)
      if ('reason' in parsed) {
        fault(report, line.number, parsed.reason)
        continue
      }
      chunk.push(parsed)
      bytes += 'text' in line ? line.text.length : 0
      if (chunk.length >= chunkDocumentsMax || bytes >= chunkBytesMax) await hand()
    }
  }
  await hand()
  await writing
  if (report.written > 0) await flushDocuments(ports, namespace, signal)
  report.errors.sort((a, b) => a.line - b.line)
  return report
}

interface Parsed {
  line: number
  document: NewDocument
}

function parseLine(
  ports: Pick<Ports, 'newId'>,
  namespace: Namespace,
  collection: Pick<Collection, 'id' | 'name'>,
  line: Line,
  parse: (text: string) => unknown,
): Parsed | { reason: string } {
  if ('reason' in line) return line
  try {
    const request = DocumentRequest.safeParse(parse(line.text))
    if (!request.success) return { reason: shapeReason(request.error.issues[0]) }
    const document = newDocument(ports, namespace, collection, request.data, 'imported', [])
    return { line: line.number, document }
  } catch (error) {
    // Faults of the line are told; anything else that is thrown is a bug.
    if (isFailure(error, 'request_invalid')) return { reason: error.message }
    if (isFailure(error, 'bad_request')) return { reason: syntaxReason(error.detail.details) }
    throw error
  }
}

function shapeReason(issue: { path: PropertyKey[]; message: string } | undefined): string {
  const place = issue?.path.map(String).join('.')
  return place ? `${place}: ${issue?.message}` : 'is no JSON object'
}

function syntaxReason(details: Record<string, unknown> | undefined): string {
  const column = details?.['column']
  return typeof column === 'number' ? `is not JSON (column ${column})` : 'is not JSON'
}

async function writeChunk(
  ports: WritePorts,
  namespace: Namespace,
  collection: Pick<Collection, 'id'>,
  chunk: readonly Parsed[],
  report: ImportReport,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (chunk.length === 0) return
  const foreign = await foreignOf(ports, namespace, collection, chunk, signal)
  const own = chunk.filter(({ document }) => !foreign.has(document.id))
  for (const { line, document } of chunk) {
    if (foreign.has(document.id)) {
      fault(
        report,
        line,
        'document_id: is taken by a document of another collection of this namespace',
      )
    }
  }
  // The last line of an id wins, as it would one after the other.
  const byId = new Map(own.map(({ document }) => [document.id, document]))
  await writeDocuments(ports, namespace, [...byId.values()], signal)
  report.written += own.length
}

/** Only ids in our own form can be those of another collection's documents. */
async function foreignOf(
  ports: WritePorts,
  namespace: Namespace,
  collection: Pick<Collection, 'id'>,
  chunk: readonly Parsed[],
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  const ids = chunk.flatMap(({ document }) => (document.givenId === undefined ? document.id : []))
  return await foreignPoints(ports, namespace, collection.id, ids, signal)
}

function fault(report: ImportReport, line: number, reason: string): void {
  report.failed += 1
  if (report.errors.length < importErrorsMax) report.errors.push({ line, reason })
}
