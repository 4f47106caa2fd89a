import type { ExtractedRow } from '../../ports/extractor-runtime.ts'
import type { Ports } from '../../ports/ports.ts'
import type { Collection } from '../collections/collection.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { isFailure } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { deployedPlugins } from '../plugins/deployed-plugins.ts'
import { pluginCode } from '../plugins/plugin-code.ts'
import { joinRows } from './join-rows.ts'
import type { Source } from './load-sources.ts'
import { pluginRows, type PlannedRow } from './plugin-rows.ts'

type Needs = Pick<Ports, 'db' | 'cache' | 'plugins'>

/**
 * Each source's rows through the plugin, and one answer a source, under the source's id: a source with a row that
 * failed has failed, one whose every row was passed over is passed over. All rows go to the host at once, which
 * divides them. Throws where plugins cannot run at all (`plugins_unavailable`): then no source is at fault.
 */
export async function runPlugin(
  ports: Needs,
  namespace: Namespace,
  { collection, extractor }: { collection: Collection; extractor: Extractor },
  sources: readonly Source[],
  signal: AbortSignal,
): Promise<ExtractedRow[]> {
  const planned = sources.map((source) => ({
    source,
    rows: pluginRows(collection, extractor, source),
  }))
  const rows = planned.flatMap((one) => one.rows)
  const answers = await answersOf(ports, namespace, collection, rows, signal)
  const byKey = new Map(answers.map((answer) => [answer.key, answer]))
  return planned.map(({ source, rows: own }) =>
    joinRows(
      source.row.sourceId,
      own.map(({ row, position }) => ({ position, answer: byKey.get(row.key) })),
      nothingIn(collection, extractor),
    ),
  )
}

async function answersOf(
  ports: Needs,
  namespace: Namespace,
  { id: collectionId, extractor }: Collection,
  planned: readonly PlannedRow[],
  signal: AbortSignal,
): Promise<ExtractedRow[]> {
  const pluginId = extractor.feature_extractor_id
  const rows = planned.map(({ row }) => row)
  if (rows.length === 0) return []
  const plugins = await deployedPlugins(ports, namespace)
  const plugin = plugins.find((one) => one.pluginId === pluginId)
  const failAll = (message: string): ExtractedRow[] =>
    rows.map(({ key }) => ({ key, failure: { type: 'dependency', message } }))
  if (!plugin) return failAll(`Plugin ${pluginId} is disabled.`)
  const request = {
    // What enabling it set, with the collection's over it (plugin-contract 3.5).
    parameters: { ...plugin.deployment?.params, ...extractor.parameters },
    collectionId,
    inputMappings: extractor.input_mappings,
    rows,
  }
  try {
    return await ports.plugins.run(pluginCode(plugin, namespace.id), request, signal)
  } catch (error) {
    // It could not be started, for a reason of its own: what its rows tell.
    if (isFailure(error, 'plugin_failed')) return failAll(error.message)
    throw error
  }
}

function nothingIn({ extractor: { input_mappings } }: Collection, extractor: Extractor): string {
  const paths = Object.values(input_mappings).map((path) => `'${path}'`)
  if (paths.length > 0) return `It has no value at ${paths.join(', ')}.`
  return `It has no blob of a type that ${extractor.id} reads: ${extractor.supportedInputTypes.join(', ')}.`
}
