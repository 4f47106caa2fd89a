import type { Config } from '../../config.ts'
import { passthroughExtractorId } from '../../domain/extractors/passthrough-extractor.ts'
import { textExtractorId } from '../../domain/extractors/text-extractor.ts'
import type { Embedder } from '../../ports/embedder.ts'
import type { ExtractedRow, ExtractorRow, ExtractorRuntime } from '../../ports/extractor-runtime.ts'
import { extractTexts } from './extract-texts.ts'

/** Splitting runs here, the model in the embedder's threads: there is nothing of its own to close. */
export function openBuiltinExtractors(parts: {
  embedder: Embedder
  config: Pick<Config, 'chunksPerObjectMax'>
}): ExtractorRuntime {
  return {
    async extract(request, signal) {
      switch (request.extractorId) {
        case textExtractorId:
          return await extractTexts(
            parts.embedder,
            parts.config.chunksPerObjectMax,
            request,
            signal,
          )
        case passthroughExtractorId:
          return request.rows.map(passThrough)
        default:
          return request.rows.map(({ key }) => ({ key, failure: notBuiltIn(request.extractorId) }))
      }
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** Inputs under their own names; the rest of the source comes by the collection's passthrough. */
function passThrough({ key, inputs }: ExtractorRow): ExtractedRow {
  const present = Object.entries(inputs).filter(
    ([, value]) => value !== undefined && value !== null,
  )
  return {
    key,
    documents: [{ position: [], fields: Object.fromEntries(present), vectors: {} }],
    warnings: [],
  }
}

function notBuiltIn(extractorId: string) {
  return { type: 'dependency', message: `No extractor ${extractorId} runs here.` } as const
}
