import { isFailure } from '../../domain/failure.ts'
import { untilAborted } from '../qdrant/until-aborted.ts'
import { connect, type ServerAddress, type ServerLink } from './server-client.ts'
import { isUnheard, serverFailure } from './server-errors.ts'

/** Where the server answers by now; null where that is not known. */
export type WhereNow = () => Promise<ServerAddress | null>

/** A server that may answer somewhere else after it has started again; calls follow it. */
export class MovingServer {
  readonly #whereNow: WhereNow
  #link: ServerLink

  constructor(link: ServerLink, whereNow: WhereNow) {
    this.#link = link
    this.#whereNow = whereNow
  }

  get link(): ServerLink {
    return this.#link
  }

  /** Runs `work`, which takes the link anew each time. Throws failures of the port, and the signal's own reason. */
  async call<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await untilAborted(() => this.#followed(work), signal)
    } catch (error) {
      throw signal?.aborted && error === signal.reason ? error : serverFailure(error)
    }
  }

  /** What a server that has moved cannot have heard is told to it again. */
  async #followed<T>(work: () => Promise<T>): Promise<T> {
    const link = this.#link
    try {
      return await work()
    } catch (error) {
      const isGone = isFailure(serverFailure(error), 'engine_unavailable')
      if (isGone && (await this.#follow(link)) && isUnheard(error)) return await work()
      throw error
    }
  }

  /** True where the server answers somewhere else than on the link that failed: the next call goes there. */
  async #follow(failed: ServerLink): Promise<boolean> {
    if (this.#link !== failed) return true
    const { address } = failed
    try {
      const now = await this.#whereNow()
      if (now === null || (now.url === address.url && now.apiKey === address.apiKey)) return false
      this.#link = await connect(now)
      return true
    } catch {
      // Not there yet: the next failure looks again.
      return false
    }
  }
}
