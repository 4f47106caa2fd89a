import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { exists } from '../durable-files.ts'
import { copyInto, tryOpening } from './salvage.ts'

/** What of a shard that cannot be opened is in another one now. */
export interface Salvaged {
  points: number
  /** What is not, with the engine's reasons. */
  lost: string[]
}

/**
 * The folder of a shard that cannot be opened, set aside. Nothing of it is removed: parts that the engine chokes on are
 * moved beside those that it reads, so a salvage that was killed goes on where it was.
 */
export class BrokenShard {
  readonly #path: string
  readonly #signal: AbortSignal

  constructor(path: string, signal: AbortSignal) {
    this.#path = path
    this.#signal = signal
  }

  /** Copies what can be read into the shard at `target`. */
  async salvage(target: string): Promise<Salvaged> {
    const { points, lost } = await this.#salvage(target)
    return { points, lost: lost.map((line) => line.replaceAll(`${this.#path}/`, '')) }
  }

  async #salvage(target: string): Promise<Salvaged> {
    const lost = await this.#setDescriptionAside()
    lost.push(...(await this.#keepReadableParts()))
    const log = this.#in('log-aside')
    await rename(log, this.#in('wal')).catch(() => undefined)
    const whole = await copyInto(target, this.#path, this.#signal)
    if (!('error' in whole)) return { points: whole.points, lost: [...lost, ...unread(whole)] }
    await this.#setLogAside()
    lost.push(`the writes of the last seconds: ${whole.error}`)
    const rest = await copyInto(target, this.#path, this.#signal)
    if ('error' in rest) return { points: 0, lost: [...lost, `everything else: ${rest.error}`] }
    return { points: rest.points, lost: [...lost, ...unread(rest)] }
  }

  /** What the engine cannot parse it derives from the parts, where nothing stands in its place. */
  async #setDescriptionAside(): Promise<string[]> {
    const path = this.#in('edge_config.json')
    try {
      JSON.parse(await readFile(path, 'utf8'))
      return []
    } catch (error) {
      await rename(path, `${path}.aside`).catch(() => undefined)
      return [`the description of the vectors: ${String(error)}`]
    }
  }

  /** Parts (the engine's segments) are put in place one by one; one with which the shard does not open goes out again. */
  async #keepReadableParts(): Promise<string[]> {
    await this.#setLogAside()
    await mkdir(this.#in('parts'), { recursive: true })
    await mkdir(this.#in('segments'), { recursive: true })
    for (const part of await this.#partsIn('segments')) await this.#move(part, 'segments', 'parts')
    const lost: string[] = []
    for (const part of await this.#partsIn('parts')) {
      await this.#move(part, 'parts', 'segments')
      const outcome = await tryOpening(this.#path, this.#signal)
      // Opened without its log the engine begins a new one, of nothing.
      await rm(this.#in('wal'), { recursive: true, force: true })
      if (!('error' in outcome)) continue
      await this.#move(part, 'segments', 'parts')
      lost.push(`the part ${part}: ${outcome.error}`)
    }
    return lost
  }

  /** The log as it was found; one that an opening without it has made goes. */
  async #setLogAside(): Promise<void> {
    if (await exists(this.#in('log-aside')))
      await rm(this.#in('wal'), { recursive: true, force: true })
    else await rename(this.#in('wal'), this.#in('log-aside')).catch(() => undefined)
  }

  async #partsIn(folder: 'parts' | 'segments'): Promise<string[]> {
    const entries = await readdir(this.#in(folder), { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  }

  async #move(part: string, from: string, to: string): Promise<void> {
    await rename(this.#in(join(from, part)), this.#in(join(to, part)))
  }

  #in(name: string): string {
    return join(this.#path, name)
  }
}

function unread({ unreadable }: { unreadable: number }): string[] {
  return unreadable === 0 ? [] : [`${unreadable} documents whose place in the files is damaged`]
}
