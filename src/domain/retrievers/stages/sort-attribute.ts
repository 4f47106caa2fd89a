import { z } from 'zod'
import type { DocumentRecord } from '../../documents/document.ts'
import { comparePlaces, sortKeys } from '../../documents/document-order.ts'
import type { SortOption } from '../../listing.ts'
import { readSelection } from '../read-selection.ts'
import { stage } from '../stage.ts'

/** Contract 18, sort_attribute: numbers by size, dates by time, false before true, texts by letters; stable. */
export const sortAttributeStage = stage({
  stageId: 'sort_attribute',
  category: 'sort',
  description: 'Orders documents by a field',
  icon: 'arrow-down-up',
  parameters: {
    field: z.string().min(1).default('metadata.created_at'),
    direction: z.enum(['desc', 'asc']).default('desc'),
    nulls_last: z.boolean().default(true),
  },
  aliases: {
    sort_field: 'field',
    order: 'direction',
    sort_by: 'field',
    null_handling: 'nulls_last',
  },
  normalise(given) {
    const { null_handling: word } = given
    return word === 'first' || word === 'last'
      ? { ...given, null_handling: word === 'last' }
      : given
  },
  async run(call, { field, direction, nulls_last: isNullLast }, selection) {
    const option: SortOption = { field, direction }
    const isWhole =
      selection.kind === 'unread' && selection.limit === null && selection.offset === 0
    if (isWhole && isNullLast)
      return { selection: { ...selection, sort: [option, ...selection.sort] } }
    const documents = await readSelection(call, selection)
    return {
      selection: {
        kind: 'read',
        documents: sorted(documents, option, isNullLast, call.namespace.id),
      },
    }
  },
})

function sorted<T extends DocumentRecord>(
  documents: readonly T[],
  option: SortOption,
  isNullLast: boolean,
  namespaceId: string,
): T[] {
  const compare = comparePlaces([option])
  const places = documents.map((document) => {
    const keys = sortKeys(document.payload ?? {}, [option], {
      documentId: document.documentId,
      namespaceId,
    })
    // Without ids equal keys compare as equal, so that the sort is stable.
    return { document, place: { keys, pointId: '' } }
  })
  const isNull = ({ place }: (typeof places)[number]) => (place.keys[0] ?? null) === null
  const ordered = places.toSorted((a, b) => compare(a.place, b.place))
  const both = isNullLast
    ? ordered
    : [...ordered.filter(isNull), ...ordered.filter((one) => !isNull(one))]
  return both.map(({ document }) => document)
}
