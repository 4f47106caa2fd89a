import { z } from 'zod'
import type { PluginFeature, PluginManifest } from '../../ports/plugin-host.ts'
import { featureUriOf } from '../extractors/feature-uri.ts'
import { isRecord } from '../parse-parameters.ts'
import type { Plugin } from './plugin.ts'

const Json = z.record(z.string(), z.unknown())
const Status = z.enum(['passed', 'failed', 'pending'])

/** Contract 10.3, list items; `scope` is ours: whose plugin it is. */
export const PluginItem = z.object({
  plugin_id: z.string(),
  name: z.string(),
  version: z.string(),
  description: z.string(),
  deployed: z.boolean(),
  validation_status: Status,
  feature_uri: z.string(),
  scope: z.enum(['namespace', 'organization']),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
})

const ManifestAnswer = z.looseObject({
  feature_extractor_name: z.string(),
  version: z.string(),
  description: z.string(),
  features: z.array(Json),
  required_vector_indexes: z.array(Json),
  dependencies: z.array(z.string()),
  feature_uri: z.string().nullable(),
  input_schema: Json.nullable(),
  output_schema: Json.nullable(),
  parameter_schema: Json.nullable(),
  input_mappings: z.record(z.string(), z.string()),
  supported_input_types: z.array(z.string()),
  position_fields: z.array(z.string()),
})

/** Contract 10.3, PluginDocument. */
export const PluginDocument = z.object({
  plugin_id: z.string(),
  namespace_id: z.string().nullable(),
  organization_id: z.string(),
  name: z.string(),
  version: z.string(),
  description: z.string(),
  s3_archive_url: z.string(),
  archive_size_bytes: z.int(),
  code_hash: z.string(),
  validation_status: Status,
  validation_errors: z.array(z.string()),
  warnings: z.array(z.string()),
  security_scan_passed: z.boolean(),
  deployed: z.boolean(),
  deployment_status: z.string(),
  deployment_info: z
    .object({
      feature_uri: z.string(),
      ray_cluster_url: z.null(),
      ray_deployment_name: z.null(),
      deployed_at: z.iso.datetime().nullable(),
    })
    .nullable(),
  manifest: ManifestAnswer.nullable(),
  realtime_service: z.boolean(),
  feature_uri: z.string(),
  resolved_inference_name: z.string().nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  deployed_at: z.iso.datetime().nullable(),
})

export function pluginItem(plugin: Plugin): z.infer<typeof PluginItem> {
  return {
    plugin_id: plugin.pluginId,
    name: plugin.name,
    version: plugin.version,
    description: plugin.description,
    deployed: plugin.deployment?.state === 'deployed',
    validation_status: plugin.validationStatus,
    feature_uri: featureUriOfPlugin(plugin),
    scope: plugin.namespaceId === null ? 'organization' : 'namespace',
    created_at: plugin.createdAt.toISOString(),
    updated_at: plugin.updatedAt.toISOString(),
  }
}

/** `namespaceId`: the namespace that asks; null on the organization's level. */
export function pluginDocument(
  plugin: Plugin,
  namespaceId: string | null,
): z.infer<typeof PluginDocument> {
  const { manifest, deployment } = plugin
  const { scope: _, ...item } = pluginItem(plugin)
  const deployedAt = deployment?.deployedAt?.toISOString() ?? null
  return {
    ...item,
    namespace_id: plugin.namespaceId ?? namespaceId,
    organization_id: plugin.organizationId,
    s3_archive_url: archiveUrl(plugin),
    archive_size_bytes: plugin.archiveBytes,
    code_hash: plugin.codeHash,
    validation_errors: plugin.validationErrors,
    warnings: plugin.warnings,
    security_scan_passed: plugin.isScanPassed,
    deployment_status: deployment?.state ?? 'not_deployed',
    deployment_info: item.deployed
      ? {
          feature_uri: item.feature_uri,
          ray_cluster_url: null,
          ray_deployment_name: null,
          deployed_at: deployedAt,
        }
      : null,
    manifest: manifest && manifestAnswer(plugin, manifest),
    realtime_service: manifest?.hasRealtime ?? false,
    resolved_inference_name: manifest?.features[0]?.name ?? null,
    deployed_at: deployedAt,
  }
}

/** Where the archive lies, told and never fetched: the blob store has it under its hash. */
export function archiveUrl({ archiveHash }: Pick<Plugin, 'archiveHash'>): string {
  return `blob://sha256/${archiveHash}`
}

/** The whole URI where it has one vector, else without an output (contract 10). */
export function featureUriOfPlugin({
  name,
  version,
  manifest,
}: Pick<Plugin, 'name' | 'version' | 'manifest'>): string {
  const [only, ...others] = manifest?.features ?? []
  if (only && others.length === 0) return featureUriOf(name, version, only.name)
  return `mixpeek://${name}@${version}`
}

/** As the contract writes a manifest (10.1), whatever spelling the author chose; what we do not know is shown as is. */
function manifestAnswer(plugin: Plugin, manifest: PluginManifest): z.infer<typeof ManifestAnswer> {
  const { declared } = manifest
  return {
    ...namedOf(declared, ['compute_profile', 'serve_config', 'cost_rates', 'tier', 'tier_label']),
    feature_extractor_name: manifest.name,
    version: manifest.version,
    description: manifest.description,
    features: manifest.features.map(featureAnswer),
    required_vector_indexes: manifest.features.map((feature) => ({
      name: feature.name,
      description: `${feature.name} of ${plugin.pluginId}`,
      type: 'single',
      index: {
        name: feature.name,
        description: `${feature.name} of ${plugin.pluginId}`,
        type: 'dense',
        dimensions: feature.dimensions,
        distance: feature.distance,
      },
      feature_uri: featureUriOf(plugin.name, plugin.version, feature.name),
    })),
    dependencies: manifest.dependencies,
    feature_uri: manifest.featureUri,
    input_schema: manifest.inputSchema,
    output_schema: manifest.outputSchema,
    parameter_schema: manifest.parameterSchema,
    input_mappings: manifest.inputMappings,
    supported_input_types: manifest.supportedInputTypes,
    position_fields: manifest.positionFields,
  }
}

function featureAnswer({ name, dimensions, distance }: PluginFeature): Record<string, unknown> {
  return {
    feature_type: 'embedding',
    feature_name: name,
    embedding_dim: dimensions,
    distance_metric: distance === 'euclidean' ? 'euclid' : distance,
  }
}

function namedOf(
  declared: Record<string, unknown>,
  names: readonly string[],
): Record<string, unknown> {
  const wanted = names.filter((name) => isRecord(declared) && declared[name] !== undefined)
  return Object.fromEntries(wanted.map((name) => [name, declared[name] ?? null]))
}
