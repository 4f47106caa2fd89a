import { z } from 'zod'
import type { EmbeddingModel } from '../../ports/embedder.ts'
import { featureUriOfPlugin } from '../plugins/plugin-answer.ts'
import type { Plugin } from '../plugins/plugin.ts'
import type { Extractor } from './extractor.ts'
import { VectorIndexAnswer, vectorIndexAnswer } from './vector-index-answer.ts'

const Json = z.record(z.string(), z.unknown())

/** An extractor in the catalogue (contract 9.3). */
export const ExtractorAnswer = z.object({
  feature_extractor_name: z.string(),
  version: z.string(),
  feature_extractor_id: z.string(),
  source: z.enum(['builtin', 'custom']),
  description: z.string(),
  icon: z.string(),
  input_schema: Json,
  output_schema: Json,
  parameter_schema: Json,
  default_parameters: Json,
  supported_input_types: z.array(z.string()),
  max_inputs: z.record(z.string(), z.int()),
  costs: z.null(),
  required_vector_indexes: z.array(VectorIndexAnswer),
  required_payload_indexes: z.array(
    z.object({
      field_name: z.string(),
      type: z.string(),
      field_schema: Json,
      is_protected: z.literal(true),
    }),
  ),
  position_fields: z.array(z.string()),
  /** BCP 47 tags of what its model reads; ours. */
  languages: z.array(z.string()),
})

/** The same as a namespace has it, with what only plugins have. */
export const NamespaceExtractorAnswer = ExtractorAnswer.extend({
  feature_uri: z.string().nullable(),
  plugin_id: z.string().nullable(),
  deployed: z.boolean(),
  validation_status: z.enum(['pending', 'passed', 'failed']).nullable(),
  created_at: z.iso.datetime().nullable(),
  updated_at: z.iso.datetime().nullable(),
  /** Whether it is among the namespace's feature_extractors; ours. */
  registered: z.boolean(),
})

export const ExtractorDiscovery = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  supported_modalities: z.array(z.string()),
  output_features: z.array(Json),
  input_schema: Json,
  example_usage: Json,
})

/** With the vectors that a namespace of this model has, or would have. */
export function extractorAnswer(
  extractor: Extractor,
  model: EmbeddingModel,
): z.infer<typeof ExtractorAnswer> {
  const vectors = extractor.vectors(model)
  return {
    feature_extractor_name: extractor.name,
    version: extractor.version,
    feature_extractor_id: extractor.id,
    source: extractor.source,
    description: extractor.description,
    icon: extractor.icon,
    input_schema: schemaOf(extractor.inputs),
    output_schema: schemaOf(extractor.outputs),
    parameter_schema: extractor.parameterSchema,
    default_parameters: extractor.defaultParameters,
    supported_input_types: [...extractor.supportedInputTypes],
    max_inputs: extractor.maxInputs,
    costs: null,
    required_vector_indexes: vectors.map(vectorIndexAnswer),
    required_payload_indexes: extractor.requiredPayloadIndexes.map(({ fieldName, schema }) => ({
      field_name: fieldName,
      type: schema.type,
      field_schema: { ...schema },
      is_protected: true,
    })),
    position_fields: [...extractor.positionFields],
    // A plugin's own model reads what it reads.
    languages: vectors.length === 0 || extractor.source === 'custom' ? ['*'] : [...model.languages],
  }
}

export function namespaceExtractorAnswer(
  extractor: Extractor,
  model: EmbeddingModel,
  isRegistered: boolean,
  plugin: Plugin | null,
): z.infer<typeof NamespaceExtractorAnswer> {
  const answer = extractorAnswer(extractor, model)
  return {
    ...answer,
    feature_uri: plugin
      ? featureUriOfPlugin(plugin)
      : (answer.required_vector_indexes[0]?.feature_uri ?? null),
    plugin_id: plugin?.pluginId ?? null,
    deployed: plugin ? plugin.deployment?.state === 'deployed' : true,
    validation_status: plugin?.validationStatus ?? null,
    created_at: plugin?.createdAt.toISOString() ?? null,
    updated_at: plugin?.updatedAt.toISOString() ?? null,
    registered: isRegistered,
  }
}

/** The short form, with a body to copy into a collection. */
export function extractorDiscovery(
  extractor: Extractor,
  model: EmbeddingModel,
): z.infer<typeof ExtractorDiscovery> {
  const { name, version, description } = extractor
  const mappings = Object.keys(extractor.inputs).map((input) => [input, input])
  return {
    name,
    version,
    description,
    supported_modalities: [...extractor.supportedInputTypes],
    output_features: extractor.vectors(model).map(({ featureUri, type, dimensions }) => ({
      feature_uri: featureUri,
      type,
      dimensions,
    })),
    input_schema: schemaOf(extractor.inputs),
    example_usage: {
      feature_extractor: {
        feature_extractor_name: name,
        version,
        input_mappings: Object.fromEntries(mappings),
        parameters: extractor.defaultParameters,
      },
    },
  }
}

function schemaOf(fields: Extractor['inputs']): Record<string, unknown> {
  const required = Object.entries(fields).flatMap(([name, field]) =>
    field.required === true ? [name] : [],
  )
  return { type: 'object', properties: fields, ...(required.length > 0 && { required }) }
}
