import { z } from 'zod'
import type { EmbeddingModel } from '../../ports/embedder.ts'
import { fail, invalid } from '../failure.ts'
import type { VectorDefinition } from '../namespaces/namespace.ts'
import { parseParameters } from '../parse-parameters.ts'
import { extractorIdOf } from './extractor-id.ts'
import type { Extractor } from './extractor.ts'
import { featureUriOf } from './feature-uri.ts'
import { ownParameters } from './own-parameters.ts'
import { splitUnits } from './split-text.ts'
import type { SplitRule } from './split-text.ts'

const name = 'text_extractor'
const version = 'v1'
export const textExtractorId = extractorIdOf(name, version)
export const textVectorName = `${textExtractorId}_embedding`

type Location = (string | number)[]

const chunkSizeDefault = 1000
const documentedSplits = [...splitUnits, 'pages', 'time_segments'] as const

const Parameters = z.strictObject({
  split_by: z
    .enum(documentedSplits)
    .default('none')
    .describe(
      'Unit of the chunks; none: one document of the whole text, its vector the mean of parts where it is longer than the model reads.',
    ),
  chunk_size: z
    .int()
    .min(1)
    .max(10_000)
    .default(chunkSizeDefault)
    .describe('Units in a chunk, at most; a chunk longer than the model reads is split further.'),
  chunk_overlap: z
    .int()
    .min(0)
    .max(5_000)
    .default(0)
    .describe('Units that a chunk repeats of the one before; less than chunk_size.'),
  source_type: z
    .enum(['text', 'youtube'])
    .default('text')
    .describe('text; youtube is not run here.'),
  embedding_model: z
    .string()
    .min(1)
    .optional()
    .describe("Accepted; the namespace's own model embeds, whatever is named here."),
  embedding_task: z
    .string()
    .min(1)
    .optional()
    .describe('Accepted; the bundled model knows one task.'),
})

/** What generated clients send for youtube sources, always and with these defaults: taken and dropped. */
const Foreign = z.strictObject({
  ...Parameters.shape,
  segment_length_seconds: z.number().optional(),
  language: z.string().optional(),
  extract_captions: z.boolean().optional(),
  response_shape: z.unknown().optional(),
  llm_provider: z.string().optional(),
  llm_model: z.string().optional(),
  llm_api_key: z.string().optional(),
})
type Given = z.infer<typeof Foreign>

const aliases = { chunk_strategy: 'split_by', model: 'embedding_model', overlap: 'chunk_overlap' }

/** The tutorials' `chunk_strategy` says the same in the singular. */
const splitAliases: Readonly<Record<string, string>> = {
  character: 'characters',
  fixed: 'characters',
  fixed_size: 'characters',
  word: 'words',
  sentence: 'sentences',
  paragraph: 'paragraphs',
}

/** Text → chunks → one document and one vector each (contract 9.2). */
export const textExtractor: Extractor = {
  id: textExtractorId,
  name,
  version,
  source: 'builtin',
  description:
    "Splits a text into chunks and makes each a document with a vector of the namespace's embedding model. " +
    'The bundled model reads English; text that it cannot represent fails with the reason.',
  icon: 'file-text',
  inputs: { text: { type: 'text', required: true, description: 'The text to split and embed.' } },
  outputs: {
    text: { type: 'text', description: 'The text of the chunk.' },
    chunk_index: { type: 'integer', description: 'Position of the chunk in its text, from 0.' },
    total_chunks: { type: 'integer', description: 'Number of chunks of its text.' },
    chunk_start: {
      type: 'integer',
      description: 'Where the chunk begins in its text, in UTF-16 units.',
    },
    chunk_end: {
      type: 'integer',
      description: 'Where the chunk ends in its text, in UTF-16 units.',
    },
  },
  parameterSchema: z.toJSONSchema(Parameters, { io: 'input' }),
  defaultParameters: {
    split_by: 'none',
    chunk_size: chunkSizeDefault,
    chunk_overlap: 0,
    source_type: 'text',
  },
  supportedInputTypes: ['text', 'string'],
  maxInputs: { text: 1 },
  positionFields: ['chunk_index'],
  requiredPayloadIndexes: [],
  vectors: (model) => [textVector(model)],
  parseParameters(given, location, model) {
    const { own, warnings } = ownParameters(given, name, [
      ...Object.keys(Foreign.shape),
      ...Object.keys(aliases),
    ])
    const parsed = parseParameters(Foreign, withSplitAliases(own), location, aliases)
    refuseWhatIsNotRun(parsed, location)
    warnings.push(...modelWarnings(parsed.embedding_model, model))
    return { parameters: canonical(parsed), warnings }
  },
}

/** The split that canonical parameters ask for. */
export function splitRuleOf(parameters: Readonly<Record<string, unknown>>): SplitRule {
  const { split_by, chunk_size, chunk_overlap } = Foreign.parse(parameters)
  const splitBy = splitUnits.find((unit) => unit === split_by) ?? 'none'
  return { splitBy, size: chunk_size, overlap: chunk_overlap }
}

function textVector({ inferenceName, dimensions }: EmbeddingModel): VectorDefinition {
  return {
    name: textVectorName,
    description: `Meaning of a chunk of text, as ${inferenceName} sees it`,
    type: 'dense',
    dimensions,
    distance: 'cosine',
    inferenceName,
    extractorId: textExtractorId,
    featureUri: featureUriOf(name, version, inferenceName),
  }
}

function withSplitAliases(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const values = { ...given }
  for (const key of ['split_by', 'chunk_strategy']) {
    const value = values[key]
    if (typeof value !== 'string') continue
    const lower = value.toLowerCase()
    values[key] = Object.hasOwn(splitAliases, lower) ? splitAliases[lower] : lower
  }
  return values
}

function refuseWhatIsNotRun(given: Given, location: Location): void {
  if (given.split_by === 'pages' || given.split_by === 'time_segments') {
    const message = `split_by is '${given.split_by}', which is not run here; use one of ${splitUnits.join(', ')}`
    throw invalid([...location, 'split_by'], message, 'not_enabled')
  }
  if (given.split_by !== 'none' && given.chunk_overlap >= given.chunk_size) {
    const message = `chunk_overlap is ${given.chunk_overlap}; it must be less than chunk_size, ${given.chunk_size}`
    throw invalid([...location, 'chunk_overlap'], message, 'out_of_range')
  }
  const feature =
    given.source_type === 'youtube'
      ? 'source_type youtube of text_extractor'
      : (['response_shape', 'llm_provider', 'llm_model', 'llm_api_key'] as const)
          .filter((key) => given[key] !== undefined)
          .map((key) => `${key} of text_extractor`)[0]
  if (feature !== undefined)
    throw fail('not_enabled', { feature, hint: 'Leave this parameter out.' })
}

function modelWarnings(given: string | undefined, model: EmbeddingModel | undefined): string[] {
  if (given === undefined || given === model?.inferenceName || given === model?.model) return []
  const used = model ? model.inferenceName : "the namespace's own model"
  return [
    `embedding_model '${given}' is not run here: ${used} embeds, as EMBEDDING_MODEL said when the namespace was created.`,
  ]
}

function canonical(given: Given): Record<string, unknown> {
  const { split_by, chunk_size, chunk_overlap, source_type, embedding_model, embedding_task } =
    given
  return {
    split_by,
    chunk_size,
    chunk_overlap,
    source_type,
    ...(embedding_model !== undefined && { embedding_model }),
    ...(embedding_task !== undefined && { embedding_task }),
  }
}
