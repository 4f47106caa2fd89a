import { join } from 'node:path'
import { readIfThere, replaceFile } from './durable-files.ts'

/** Aliases, which Edge has none of: one file, replaced whole at each change, and read from memory. */
export class Aliases {
  readonly #path: string
  #targets: ReadonlyMap<string, string>

  private constructor(path: string, targets: ReadonlyMap<string, string>) {
    this.#path = path
    this.#targets = targets
  }

  /** Reads the folder's aliases; those that point to no collection are left behind. */
  static async open(folder: string, collections: ReadonlySet<string>): Promise<Aliases> {
    const path = join(folder, 'aliases.json')
    const text = await readIfThere(path)
    const stored: Record<string, string> = text === null ? {} : JSON.parse(text)
    return new Aliases(
      path,
      new Map(Object.entries(stored).filter(([, name]) => collections.has(name))),
    )
  }

  target(alias: string): string | undefined {
    return this.#targets.get(alias)
  }

  all(): Record<string, string> {
    return Object.fromEntries(this.#targets)
  }

  async set(alias: string, collection: string): Promise<void> {
    await this.#replace(new Map(this.#targets).set(alias, collection))
  }

  async drop(alias: string): Promise<void> {
    await this.#dropWhere((name) => name === alias)
  }

  async dropTo(collection: string): Promise<void> {
    await this.#dropWhere((_, target) => target === collection)
  }

  async #dropWhere(isDoomed: (alias: string, target: string) => boolean): Promise<void> {
    const kept = new Map([...this.#targets].filter(([alias, target]) => !isDoomed(alias, target)))
    if (kept.size < this.#targets.size) await this.#replace(kept)
  }

  /** The file first: an answer never shows a switch that a crash could take back. */
  async #replace(targets: ReadonlyMap<string, string>): Promise<void> {
    await replaceFile(this.#path, JSON.stringify(Object.fromEntries(targets)))
    this.#targets = targets
  }
}
