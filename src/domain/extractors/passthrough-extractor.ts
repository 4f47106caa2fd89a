import { z } from 'zod'
import { parseParameters } from '../parse-parameters.ts'
import { extractorIdOf } from './extractor-id.ts'
import type { Extractor } from './extractor.ts'
import { ownParameters } from './own-parameters.ts'

const name = 'passthrough_extractor'
const version = 'v1'
export const passthroughExtractorId = extractorIdOf(name, version)

const Parameters = z.strictObject({
  preserve_metadata: z
    .boolean()
    .default(true)
    .describe("Whether the document keeps the source's metadata object."),
})

/** One object → one document with its source's fields and no vector (contract 9.2). */
export const passthroughExtractor: Extractor = {
  id: passthroughExtractorId,
  name,
  version,
  source: 'builtin',
  description:
    'Copies the fields of its source into one document, without extracting anything from them.',
  icon: 'arrow-right',
  inputs: {
    content: { type: 'object', required: false, description: 'Any value; kept as content.' },
  },
  outputs: {},
  parameterSchema: z.toJSONSchema(Parameters, { io: 'input' }),
  defaultParameters: { preserve_metadata: true },
  supportedInputTypes: [
    'string',
    'number',
    'integer',
    'float',
    'boolean',
    'object',
    'array',
    'date',
    'datetime',
    'text',
  ],
  maxInputs: { content: 1 },
  positionFields: [],
  requiredPayloadIndexes: [],
  vectors: () => [],
  parseParameters(given, location) {
    const { own, warnings } = ownParameters(given, name, Object.keys(Parameters.shape))
    return { parameters: parseParameters(Parameters, own, location), warnings }
  },
}
