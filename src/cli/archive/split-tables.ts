import { createLines, type LineFile } from './archive-folder.ts'
import { tagged } from './read-stream.ts'

/** Files for the rows of a stream, table by table, and one for the originals that they name. */
export class SplitTables implements AsyncDisposable {
  /** In the order in which they came: each finds what it refers to in those before. */
  readonly tables: string[] = []
  rows = 0
  readonly #pathOf: (table: string) => string
  readonly #originals: LineFile
  #current: LineFile | null = null

  private constructor(originals: LineFile, pathOf: (table: string) => string) {
    this.#originals = originals
    this.#pathOf = pathOf
  }

  static async open(
    originalsPath: string,
    pathOf: (table: string) => string,
  ): Promise<SplitTables> {
    return new SplitTables(await createLines(originalsPath), pathOf)
  }

  /** Lines that are neither rows nor originals are left alone. */
  async take(lines: readonly string[]): Promise<void> {
    let rows: string[] = []
    const originals: string[] = []
    for (const line of lines) {
      const row = tagged(line, 'row')
      if (row !== null) {
        rows.push(row)
        continue
      }
      const table = tagged(line, 'table')
      if (table !== null) {
        await this.#write(rows)
        rows = []
        await this.#begin(JSON.parse(table) as string)
      }
      const original = tagged(line, 'original')
      if (original !== null) originals.push(original)
    }
    await this.#write(rows)
    await this.#originals.write(originals)
  }

  async close(): Promise<void> {
    await this.#current?.close()
    await this.#originals.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current?.[Symbol.asyncDispose]()
    await this.#originals[Symbol.asyncDispose]()
  }

  async #begin(table: string): Promise<void> {
    await this.#current?.close()
    this.#current = await createLines(this.#pathOf(table))
    this.tables.push(table)
  }

  async #write(rows: readonly string[]): Promise<void> {
    await this.#current?.write(rows)
    this.rows += rows.length
  }
}
