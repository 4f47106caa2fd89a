import { createLines, linesIn } from './archive-folder.ts'
import { ArchiveTrouble } from './read-stream.ts'

/** Documents that an archive would have otherwise than the server: the earliest time of those, null where none has one. */
export class PointsDiffer extends ArchiveTrouble {
  override readonly name = 'PointsDiffer'
  readonly since: string | null
  constructor(count: number, since: string | null) {
    super(`${count} documents were written with a time that is earlier than the dump's.`)
    this.since = since
  }
}

/**
 * Joins readings of a namespace's documents into one file: those that `ids` names, each as the latest reading has it.
 * All are ordered by id, so a line of each is all that is held. Answers how many there are. Throws `PointsDiffer`
 * where a reading is not the newest that the server has.
 */
export async function mergePoints(
  idsPath: string,
  readings: readonly string[],
  path: string,
): Promise<number> {
  const sources = readings.map((reading) => new Reading(reading))
  await using file = await createLines(path)
  const wrong: (string | null)[] = []
  let points = 0
  try {
    for await (const lines of linesIn(idsPath)) {
      for (const line of lines) {
        const merged: string[] = []
        for (const [id, stamp] of JSON.parse(line) as [string, string | null][]) {
          const found = await latest(sources, id)
          if (found && found.stamp === stamp) merged.push(found.line)
          else wrong.push(stamp)
        }
        points += merged.length
        await file.write(merged)
      }
    }
  } finally {
    await Promise.all(sources.map((source) => source.close()))
  }
  await file.close()
  if (wrong.length > 0) {
    const stamps = wrong.filter((stamp) => stamp !== null).toSorted()
    throw new PointsDiffer(wrong.length, stamps[0] ?? null)
  }
  return points
}

interface Line {
  id: string
  stamp: string | null
  line: string
}

async function latest(sources: readonly Reading[], id: string): Promise<Line | null> {
  let found: Line | null = null
  for (const source of sources) found = (await source.at(id)) ?? found
  return found
}

/** One reading, passed through once. */
class Reading {
  readonly #chunks: AsyncGenerator<string[], void, undefined>
  #lines: string[] = []
  #next = 0
  #current: Line | null = null
  #isOver = false

  constructor(path: string) {
    this.#chunks = linesIn(path)
  }

  /** The line of the id; null where there is none. Ids are asked for in their order. */
  async at(id: string): Promise<Line | null> {
    while (!this.#isOver && (this.#current === null || this.#current.id < id)) await this.#step()
    return this.#current?.id === id ? this.#current : null
  }

  async close(): Promise<void> {
    await this.#chunks.return()
  }

  async #step(): Promise<void> {
    while (this.#next >= this.#lines.length) {
      const { done, value } = await this.#chunks.next()
      if (done === true) {
        this.#isOver = true
        this.#current = null
        return
      }
      this.#lines = value
      this.#next = 0
    }
    this.#current = headOf(this.#lines[this.#next] ?? '')
    this.#next += 1
  }
}

const head = /^\{"id":"([^"]+)","updated_at":(?:null|"([^"]*)")/

/** Its id and time stand first, so that the rest is not parsed. */
export function headOf(line: string): Line {
  const [, id, stamp] = head.exec(line) ?? []
  if (id === undefined) throw new Error(`No document of an archive: ${line.slice(0, 100)}`)
  return { id, stamp: stamp ?? null, line }
}
