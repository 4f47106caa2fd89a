import type { PluginFeature, PluginManifest } from '../../ports/plugin-host.ts'
import { fieldTypes, type BucketField, type FieldType } from '../buckets/bucket.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { featureUriOf } from '../extractors/feature-uri.ts'
import type { VectorDefinition } from '../namespaces/namespace.ts'
import { isRecord } from '../parse-parameters.ts'
import { passedManifest } from './plugin-code.ts'
import { parsePluginParameters } from './plugin-parameters.ts'
import type { Plugin } from './plugin.ts'

/** A plugin as what it is to a namespace: an extractor. Throws `bad_request` for one that has not passed validation. */
export function pluginExtractor(plugin: Plugin): Extractor {
  const manifest = passedManifest(plugin)
  return {
    id: plugin.pluginId,
    name: plugin.name,
    version: plugin.version,
    source: 'custom',
    description: plugin.description || manifest.description || `The plugin ${plugin.pluginId}`,
    icon: 'box',
    inputs: inputsOf(manifest),
    defaultMappings: manifest.inputMappings,
    declaredUri: manifest.featureUri,
    outputs: outputsOf(manifest),
    parameterSchema: manifest.parameterSchema ?? { type: 'object', properties: {} },
    defaultParameters: defaultsOf(manifest),
    supportedInputTypes: supportedTypes(manifest),
    maxInputs: {},
    positionFields: manifest.positionFields,
    requiredPayloadIndexes: [],
    vectors: () => manifest.features.map((feature) => vectorOf(plugin, feature)),
    parseParameters: (given, location) => parsePluginParameters(manifest, given, location),
  }
}

/** The feature's name is the vector's, as it is (contract 10). */
function vectorOf({ name, version, pluginId }: Plugin, feature: PluginFeature): VectorDefinition {
  return {
    name: feature.name,
    description: `${feature.name} as the plugin ${pluginId} makes it`,
    type: 'dense',
    dimensions: feature.dimensions,
    distance: feature.distance,
    inferenceName: feature.name,
    extractorId: pluginId,
    featureUri: featureUriOf(name, version, feature.name),
  }
}

/** Names that a collection may map; rows carry `data` whatever they say, so none is required (contract 10.1). */
function inputsOf(manifest: PluginManifest): Record<string, BucketField> {
  const declared = fieldsOf(manifest.inputSchema)
  const mapped = Object.keys(manifest.inputMappings).map(
    (name) => [name, { type: 'text' }] as const,
  )
  const inputs = { ...Object.fromEntries(mapped), ...declared }
  return Object.keys(inputs).length > 0 ? inputs : { data: { type: 'text' } }
}

/** What it declares, and each vector's column, which is no field of a document. */
function outputsOf(manifest: PluginManifest): Record<string, BucketField> {
  const vectors = manifest.features.map(({ name }) => name)
  return Object.fromEntries(
    Object.entries(fieldsOf(manifest.outputSchema)).filter(([name]) => !vectors.includes(name)),
  )
}

function fieldsOf(schema: Record<string, unknown> | null): Record<string, BucketField> {
  const properties = schema?.['properties']
  if (!isRecord(properties)) return {}
  return Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, fieldOf(one)]))
}

function fieldOf(property: unknown): BucketField {
  const one = unwrapped(property)
  const description = one['description']
  return { type: typeOf(one), ...(typeof description === 'string' && { description }) }
}

/** `X | null` is X; a reference is some object (plugin-contract 2.5). */
function unwrapped(property: unknown): Record<string, unknown> {
  if (!isRecord(property)) return {}
  if ('$ref' in property) return { type: 'object' }
  const choices = [property['anyOf'], property['oneOf']].find(Array.isArray)
  const others = choices?.filter((one: unknown) => !(isRecord(one) && one['type'] === 'null')) ?? []
  return others.length === 1 ? { ...property, ...unwrapped(others[0]) } : property
}

const meant: Readonly<Record<string, FieldType>> = {
  vector: 'array',
  list: 'array',
  embedding: 'array',
  dict: 'object',
  json: 'object',
  document: 'object',
  str: 'string',
  int: 'integer',
  bool: 'boolean',
}

function typeOf({ type, format }: Record<string, unknown>): FieldType {
  const word = typeof type === 'string' ? type.toLowerCase() : 'object'
  if (word === 'string' && format === 'date-time') return 'datetime'
  if (word === 'string' && format === 'date') return 'date'
  const known = fieldTypes.find((one) => one === word)
  return known ?? (Object.hasOwn(meant, word) ? meant[word] : undefined) ?? 'object'
}

function supportedTypes({ supportedInputTypes }: PluginManifest): FieldType[] {
  const types = supportedInputTypes.flatMap((word) =>
    fieldTypes.filter((type) => type === word.toLowerCase()),
  )
  return types.length > 0 ? types : ['text', 'string']
}

function defaultsOf({ parameterSchema }: PluginManifest): Record<string, unknown> {
  const properties = parameterSchema?.['properties']
  if (!isRecord(properties)) return {}
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, one]) =>
      isRecord(one) && 'default' in one ? [[name, one['default']]] : [],
    ),
  )
}
