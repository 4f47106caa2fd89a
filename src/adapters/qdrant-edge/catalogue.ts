import { EngineRejection } from '../../ports/vector-engine.ts'
import { checkName, noCollection } from '../qdrant/collection-spec.ts'
import { Aliases } from './aliases.ts'
import { CollectionFolders } from './collection-folders.ts'
import { inTurn } from './in-turn.ts'

/** Which collections and aliases there are. Changes come one at a time, answers from memory. */
export class Catalogue {
  readonly folders: CollectionFolders
  readonly #names: Set<string>
  readonly #aliases: Aliases
  readonly #changes = inTurn()

  private constructor(folders: CollectionFolders, names: Set<string>, aliases: Aliases) {
    this.folders = folders
    this.#names = names
    this.#aliases = aliases
  }

  static async open(folder: string): Promise<Catalogue> {
    const folders = new CollectionFolders(folder)
    const names = new Set(await folders.prepare())
    return new Catalogue(folders, names, await Aliases.open(folder, names))
  }

  names(): string[] {
    return [...this.#names].toSorted()
  }

  aliases(): Record<string, string> {
    return this.#aliases.all()
  }

  /** The physical collection of a collection's or an alias's name, null where there is none. */
  find(name: string): string | null {
    if (this.#names.has(name)) return name
    return this.#aliases.target(name) ?? null
  }

  /** As `find`; throws EngineRejection where there is none. */
  resolve(name: string): string {
    const found = this.find(name)
    if (found === null) throw noCollection(name)
    return found
  }

  /** False where the collection is there already; else `make` made its shard at the given path. */
  create(name: string, make: (path: string) => Promise<void>): Promise<boolean> {
    return this.#changes(async () => {
      checkName('collection', name)
      if (this.#names.has(name)) return false
      if (this.#aliases.target(name) !== undefined) {
        throw new EngineRejection(`an alias is named '${name}' already`)
      }
      await this.folders.create(name, make)
      this.#names.add(name)
      return true
    })
  }

  /** `close` is called once nothing finds the collection any more, and before its files go. */
  drop(name: string, close: () => Promise<void>): Promise<void> {
    return this.#changes(async () => {
      if (!this.#names.has(name)) return
      await this.#aliases.dropTo(name)
      this.#names.delete(name)
      await close()
      await this.folders.remove(name)
    })
  }

  setAlias(alias: string, collection: string): Promise<void> {
    return this.#changes(async () => {
      checkName('alias', alias)
      if (this.#names.has(alias))
        throw new EngineRejection(`a collection is named '${alias}' already`)
      if (!this.#names.has(collection)) throw noCollection(collection)
      await this.#aliases.set(alias, collection)
    })
  }

  dropAlias(alias: string): Promise<void> {
    return this.#changes(() => this.#aliases.drop(alias))
  }
}
