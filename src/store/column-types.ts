import type { ColumnType, JSONColumnType } from 'kysely'

/** How columns are read, inserted and updated; tables say what they hold. */
export type Time = ColumnType<Date, Date | string, Date | string>
export type Json<T> = ColumnType<T, string, string>
export type Obj = JSONColumnType<Record<string, unknown>>
