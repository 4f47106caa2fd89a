import { listDocuments } from '../documents/list-documents.ts'
import type { AskedRead } from '../query-usage/asked-read.ts'
import type { ReadPorts } from '../documents/read.ts'
import { fail } from '../failure.ts'
import type { FoundDocument, Selection, StageCall, UnreadSelection } from './stage.ts'

type ReadCall = Pick<
  StageCall,
  'ports' | 'namespace' | 'collectionIds' | 'withVectors' | 'retrieverId' | 'signal'
>

const pageSize = 1_000

/**
 * All documents of a selection, for a stage that has to hold them. Throws `bad_request` where there are more than
 * the setting allows: an answer over a part of them would be wrong without saying so.
 */
export async function readSelection(
  call: ReadCall,
  selection: Selection,
): Promise<FoundDocument[]> {
  if (selection.kind === 'read') return selection.documents
  const most = call.ports.config.stageDocumentsMax
  const wanted = Math.min(selection.limit ?? Infinity, most + 1)
  const documents: FoundDocument[] = []
  let cursor: string | null = null
  while (documents.length < wanted) {
    const limit = Math.min(pageSize, wanted - documents.length)
    const isFirst = cursor === null
    const range = { limit, offset: isFirst ? selection.offset : 0, cursor }
    const page = await readPage(call, selection, range, !isFirst)
    documents.push(...page.records)
    cursor = page.nextCursor
    if (cursor === null) break
  }
  if (documents.length <= most) {
    const { trace }: ReadPorts = call.ports
    trace?.held(documents.length)
    return documents
  }
  throw fail('bad_request', {
    reason: `More than ${most} documents reach a stage that has to hold all of them (NACRE_STAGE_DOCUMENTS_MAX).`,
    hint: 'Put a feature_search or a limit before it, or a narrower filter.',
  })
}

/** One page of an unread selection, as the read gate has it. */
export async function readPage(
  { ports, namespace, collectionIds, withVectors, retrieverId, signal }: ReadCall,
  { filter, sort }: UnreadSelection,
  page: { limit: number; offset: number; cursor: string | null; includeTotal?: boolean },
  /** It goes on where a page of ours ended: the same read still. */
  isContinued = false,
) {
  const asked: AskedRead = { kind: 'list', retrieverId }
  return await listDocuments(
    ports,
    namespace,
    { collectionIds },
    {
      filter,
      sort,
      select: null,
      withVectors,
      includeTotal: false,
      ...page,
      ...(!isContinued && { asked }),
    },
    signal,
  )
}
