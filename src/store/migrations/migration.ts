/** One step forward. Once released it never changes: a correction is the next number. */
export interface Migration {
  number: number
  name: string
  sql: string
}
