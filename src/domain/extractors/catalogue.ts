import type { Extractor } from './extractor.ts'
import { passthroughExtractor } from './passthrough-extractor.ts'
import { textExtractor } from './text-extractor.ts'

/** What runs here without a plugin, and nothing that does not (issue 3, part 7). */
export const builtinExtractors: readonly Extractor[] = [textExtractor, passthroughExtractor]
