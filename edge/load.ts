import { createRequire } from 'node:module'
import { findBinary, NoBinary } from '../native/find-binary.ts'
import { unavailable } from '../native/native-crate.ts'
import { edgeCrate } from './edge-crate.ts'
import type * as Edge from './index.d.ts'

export type EdgeModule = typeof Edge

/** No binary fits: the message names what is missing and the two ways on, as lines to copy. */
export class EdgeUnavailable extends Error {
  override readonly name = 'EdgeUnavailable'
  constructor(reason: string, options?: ErrorOptions) {
    super(unavailable(edgeCrate, reason), options)
  }
}

/**
 * Loads the addon: the committed binary where it fits platform and sources, else one that
 * `npm run edge:build` made from these sources. Never builds.
 *
 * @throws EdgeUnavailable where neither is there, or the binary does not load.
 */
export function loadEdge({ cacheFolder }: { cacheFolder?: string } = {}): EdgeModule {
  const file = edgeBinary(cacheFolder)
  try {
    return createRequire(import.meta.url)(file) as EdgeModule
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new EdgeUnavailable(`${file} does not load (${reason})`, { cause: error })
  }
}

function edgeBinary(cacheFolder?: string): string {
  try {
    return findBinary(edgeCrate, cacheFolder)
  } catch (error) {
    throw error instanceof NoBinary ? new EdgeUnavailable(error.message, { cause: error }) : error
  }
}
