import type { Ports } from '../../ports/ports.ts'
import type { PluginQueryAnswer } from '../../ports/plugin-host.ts'
import { isFailure } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { findPlugin } from './find-plugin.ts'
import { passedManifest, pluginCode } from './plugin-code.ts'
import type { Plugin } from './plugin.ts'

export interface RealtimeTest {
  plugin: Plugin
  /** The vector that was asked for; null of a plugin that declares none. */
  vector: string | null
  answer: PluginQueryAnswer | null
  error: string | null
}

/**
 * What the plugin makes of a query, as it comes back, deployed or not: for its author. An error of the plugin is an
 * answer. Throws `not_found`, `bad_request`, `plugins_unavailable`.
 */
export async function testRealtime(
  ports: Ports,
  namespace: Namespace,
  identifier: string,
  given: { inputs: Record<string, unknown>; parameters: Record<string, unknown> },
  signal?: AbortSignal,
): Promise<RealtimeTest> {
  const plugin = await findPlugin(ports, namespace, identifier)
  const { features } = passedManifest(plugin)
  const asked = features.find(({ name }) => name === given.inputs['vector_index']) ?? features[0]
  const vector = asked?.name ?? null
  const parameters = { ...plugin.deployment?.params, ...given.parameters }
  const request = { inputs: given.inputs, parameters, vector: vector ?? '' }
  try {
    const code = pluginCode(plugin, namespace.id)
    const answer = await ports.plugins.realtime(code, request, signal)
    return { plugin, vector, answer, error: answer.error }
  } catch (error) {
    if (!isFailure(error, 'plugin_failed')) throw error
    return { plugin, vector, answer: null, error: error.detail.reason }
  }
}
