/** The fifteen operators of contract 5.2, and the four that newer clients send. */
export const operators = [
  'eq',
  'ne',
  'gt',
  'gte',
  'lt',
  'lte',
  'in',
  'nin',
  'contains',
  'starts_with',
  'ends_with',
  'regex',
  'exists',
  'is_null',
  'text',
  'phrase',
  'geo_radius',
  'geo_bounding_box',
  'geo_polygon',
] as const
export type Operator = (typeof operators)[number]

/** A parsed filter: what every reader of documents, objects and lists is handed (contract 5). */
export type Filter = AllOf | AnyOf | NoneOf | Leaf

export interface AllOf {
  kind: 'and'
  filters: Filter[]
}
export interface AnyOf {
  kind: 'or'
  filters: Filter[]
}
/** None of them may match: NOT:[a, b] is ¬a ∧ ¬b. */
export interface NoneOf {
  kind: 'not'
  filters: Filter[]
}
export interface Leaf {
  kind: 'leaf'
  /** As the client wrote it; `field-path.ts` finds the payload path. */
  field: string
  operator: Operator
  value: unknown
  /** Null where the client said nothing at this leaf (contract 5.3, design 6). */
  caseSensitive: boolean | null
  /** Of a `regex`: the most steps that it may take on one text. */
  stepsMax?: number
}
