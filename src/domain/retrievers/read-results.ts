import { countDocuments } from '../documents/read.ts'
import { cursorAt } from './pagination.ts'
import type { ResultPage } from './pagination.ts'
import { readPage } from './read-selection.ts'
import type { FoundDocument, Selection, StageCall, UnreadSelection } from './stage.ts'

type ReadCall = Pick<
  StageCall,
  'ports' | 'namespace' | 'collectionIds' | 'withVectors' | 'retrieverId' | 'signal'
>

/** Where neither the request nor a stage says how many (contract 17.3). */
const limitDefault = 10

export interface Results {
  documents: FoundDocument[]
  /** Null where counting was not asked for. */
  total: number | null
  limit: number
  hasNext: boolean
  nextCursor: string | null
}

/** The page of what the stages have found; what was never read is read now, no more of it than the page. */
export async function readResults(
  call: ReadCall,
  selection: Selection,
  page: ResultPage,
): Promise<Results> {
  return selection.kind === 'read'
    ? pageOf(selection.documents, page)
    : await unreadPage(call, selection, page)
}

function pageOf(documents: readonly FoundDocument[], { limit, offset }: ResultPage): Results {
  const size = limit ?? Math.max(documents.length, 1)
  const hasNext = documents.length > offset + size
  return {
    documents: documents.slice(offset, offset + size),
    total: documents.length,
    limit: size,
    hasNext,
    nextCursor: hasNext ? cursorAt({ offset: offset + size }) : null,
  }
}

async function unreadPage(
  call: ReadCall,
  selection: UnreadSelection,
  page: ResultPage,
): Promise<Results> {
  const size = page.limit ?? Math.min(selection.limit ?? limitDefault, 500)
  const left = selection.limit === null ? Infinity : Math.max(0, selection.limit - page.offset)
  const wanted = Math.min(size, left)
  const isWhole = selection.limit === null && selection.offset === 0
  const offset = selection.offset + page.offset
  const list =
    wanted === 0
      ? { records: [], nextCursor: null, total: null }
      : await readPage(call, selection, {
          limit: wanted,
          offset,
          cursor: isWhole ? page.cursor : null,
        })
  const total = page.method === 'offset' ? await totalOf(call, selection, list.total) : null
  const hasNext = list.nextCursor !== null && left > wanted
  // A place of the read gate is cheaper than counting past what was read, but knows nothing of a limit stage.
  const next =
    isWhole && list.nextCursor ? { cursor: list.nextCursor } : { offset: page.offset + wanted }
  return {
    documents: list.records,
    total,
    limit: size,
    hasNext,
    nextCursor: hasNext ? cursorAt(next) : null,
  }
}

async function totalOf(
  call: ReadCall,
  selection: UnreadSelection,
  known: number | null,
): Promise<number> {
  const { ports, namespace, collectionIds, signal } = call
  const all =
    known ?? (await countDocuments(ports, namespace, { collectionIds }, selection.filter, signal))
  return Math.min(Math.max(0, all - selection.offset), selection.limit ?? Infinity)
}
