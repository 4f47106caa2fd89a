/** Which kind of read a client asked for. */
export type AskedKind =
  | 'search'
  | 'list'
  | 'bulk'
  | 'count'
  | 'facet'
  | 'group'
  | 'sort'
  | 'aggregate'

/**
 * What the read gate is told of a read that a client asked for (design 4: the tap). Reads of our own, those of
 * reconfigure, ingest, census and replay, pass none and are not recorded.
 */
export interface AskedRead {
  kind: AskedKind
  /** Null: no stored retriever asked. */
  retrieverId: string | null
  /** What is used besides the filter. */
  fields?: readonly { field: string; use: 'sort' | 'group' | 'facet' }[]
}
