import { z } from 'zod'
import type {
  PluginFeature,
  PluginInspection,
  PluginManifest,
  PluginProfile,
} from '../../ports/plugin-host.ts'

const distances: Readonly<Record<string, PluginFeature['distance']>> = {
  cosine: 'cosine',
  dot: 'dot',
  euclid: 'euclidean',
  manhattan: 'manhattan',
}
const sentencesMax = 200
const sentenceMax = 2_000

const Sentences = z
  .array(z.string())
  .transform((all) => all.slice(0, sentencesMax).map((one) => one.slice(0, sentenceMax)))

const Feature = z
  .object({
    feature_name: z.string().min(1).max(512),
    embedding_dim: z.int().min(1).max(65_536),
    distance_metric: z.string(),
  })
  .transform(({ feature_name, embedding_dim, distance_metric }): PluginFeature => ({
    name: feature_name,
    dimensions: embedding_dim,
    distance: distances[distance_metric] ?? 'cosine',
  }))

const Profile = z
  .object({
    batch_size: z.number().nullish(),
    max_concurrency: z.number().nullish(),
    actor_memory_gb: z.number().nullish(),
  })
  .transform((given): PluginProfile => ({
    batchSize: whole(given.batch_size, 64),
    maxConcurrency: whole(given.max_concurrency, 2),
    memoryBytes: Math.round((given.actor_memory_gb ?? 2) * 2 ** 30),
  }))

const Schema = z.record(z.string(), z.unknown()).nullish()

const Manifest = z.looseObject({
  name: z.string(),
  version: z.string(),
  description: z.string().nullish(),
  features: z.array(Feature).max(1_000),
  dependencies: z.array(z.string()),
  compute_profile: Profile,
  feature_uri: z.string().nullish(),
  input_schema: Schema,
  output_schema: Schema,
  parameter_schema: Schema,
  input_mappings: z.record(z.string(), z.unknown()).nullish(),
  supported_input_types: z.array(z.string()),
  position_fields: z.array(z.string()),
})

const Inspection = z.object({
  violations: z.array(
    z.object({
      file: z.string(),
      line: z.number(),
      column: z.number(),
      message: z.string(),
      severity: z.enum(['error', 'warning']),
    }),
  ),
  manifest: z.unknown(),
  errors: Sentences,
  warnings: Sentences,
  hasRealtime: z.boolean(),
  missingDependencies: z.array(z.string()),
})

const Loaded = z.object({
  manifest: z.unknown(),
  entry: z.string().nullable(),
  realtime: z.boolean(),
  errors: Sentences,
  warnings: Sentences,
})

const Probed = z.object({ errors: Sentences, warnings: Sentences })

/** The answer to `inspect`; `missingDependencies` stand apart, for whether they are errors the server decides. */
export function readInspection(
  answer: unknown,
): Omit<PluginInspection, 'codeHash'> & { missingDependencies: string[] } {
  const { manifest, hasRealtime, ...rest } = Inspection.parse(answer)
  return { ...rest, manifest: readManifest(manifest, hasRealtime) }
}

export function readLoaded(answer: unknown) {
  const { manifest, realtime, ...rest } = Loaded.parse(answer)
  return { ...rest, manifest: readManifest(manifest, realtime) }
}

export function readProbed(answer: unknown) {
  return Probed.parse(answer)
}

/** Null where it could not be read: it then has no name, and the errors say why. */
function readManifest(value: unknown, hasRealtime: boolean): PluginManifest | null {
  const parsed = Manifest.safeParse(value)
  if (!parsed.success || parsed.data.name === '' || parsed.data.version === '') return null
  const given = parsed.data
  return {
    name: given.name,
    version: given.version,
    description: given.description ?? '',
    features: given.features,
    dependencies: given.dependencies,
    profile: given.compute_profile,
    featureUri: given.feature_uri ?? null,
    inputSchema: given.input_schema ?? null,
    outputSchema: given.output_schema ?? null,
    parameterSchema: given.parameter_schema ?? null,
    inputMappings: textsOf(given.input_mappings ?? {}),
    supportedInputTypes: given.supported_input_types,
    positionFields: given.position_fields,
    hasRealtime,
    declared: typeof value === 'object' && value !== null ? { ...value } : {},
  }
}

function textsOf(values: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  )
}

function whole(value: number | null | undefined, otherwise: number): number {
  return Math.max(1, Math.trunc(value ?? otherwise))
}
