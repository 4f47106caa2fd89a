import { extractorIdOf } from './extractor-id.ts'
import type { Extractor } from './extractor.ts'
import { parseFeatureUri } from './feature-uri.ts'
import { passthroughExtractor } from './passthrough-extractor.ts'
import { textExtractor } from './text-extractor.ts'

export { extractorIdOf }

/** What runs here, and nothing that does not (issue 3, part 7). */
export const builtinExtractors: readonly Extractor[] = [textExtractor, passthroughExtractor]

/** By `text_extractor_v1`, `text_extractor@v1` or a bare `text_extractor`; null for one that is not built in. */
export function findExtractor(id: string): Extractor | null {
  const address = parseFeatureUri(id)
  const wanted = address ? extractorIdOf(address.extractor, address.version) : id
  return (
    builtinExtractors.find((extractor) => extractor.id === wanted || extractor.name === wanted) ??
    null
  )
}
