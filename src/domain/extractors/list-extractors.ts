import type { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { suggestion } from '../nearest-name.ts'
import { listPlugins } from '../plugins/list-plugins.ts'
import { pluginExtractor } from '../plugins/plugin-extractor.ts'
import type { Plugin } from '../plugins/plugin.ts'
import { builtinExtractors } from './catalogue.ts'
import { namespaceExtractorAnswer, type NamespaceExtractorAnswer } from './extractor-answer.ts'
import type { Extractor } from './extractor.ts'
import { pickExtractor } from './pick-extractor.ts'

type Answer = z.infer<typeof NamespaceExtractorAnswer>
type Needs = Pick<Ports, 'db'>

/**
 * What a namespace can extract with, built in and then its plugins, as answers show it (contract 9.3). With
 * `includeDisabled` also plugins that are not deployed; one that has not passed validation is no extractor.
 */
export async function listNamespaceExtractors(
  ports: Needs,
  namespace: Namespace,
  includeDisabled: boolean,
): Promise<Answer[]> {
  const plugins = await extractorPlugins(ports, namespace)
  const shown = plugins.filter(
    ({ deployment }) => includeDisabled || deployment?.state === 'deployed',
  )
  return [
    ...builtinExtractors.map((extractor) => answerOf(namespace, extractor, null)),
    ...shown.map((plugin) => answerOf(namespace, pluginExtractor(plugin), plugin)),
  ]
}

/** One of them by any of its names, deployed or not. Throws `not_found` with those that there are. */
export async function findNamespaceExtractor(
  ports: Needs,
  namespace: Namespace,
  id: string,
): Promise<Answer> {
  const plugins = new Map<Extractor, Plugin | null>([
    ...builtinExtractors.map((one) => [one, null] as const),
    ...(await extractorPlugins(ports, namespace)).map(
      (plugin) => [pluginExtractor(plugin), plugin] as const,
    ),
  ])
  const extractor = requireExtractor([...plugins.keys()], id)
  return answerOf(namespace, extractor, plugins.get(extractor) ?? null)
}

/** `pickExtractor`. Throws `not_found` with those that there are. */
export function requireExtractor(extractors: readonly Extractor[], id: string): Extractor {
  const extractor = pickExtractor(extractors, id)
  if (extractor) return extractor
  const ids = extractors.map((one) => one.id)
  const hint = `There are ${ids.join(', ')}${suggestion(id, ids)}`
  throw fail('not_found', { resource: 'extractor', id, hint })
}

async function extractorPlugins(ports: Needs, namespace: Namespace): Promise<Plugin[]> {
  const plugins = await listPlugins(ports, namespace)
  return plugins.filter(({ validationStatus }) => validationStatus === 'passed')
}

function answerOf(namespace: Namespace, extractor: Extractor, plugin: Plugin | null): Answer {
  const isRegistered = namespace.featureExtractors.some(
    ({ feature_extractor_id }) => feature_extractor_id === extractor.id,
  )
  return namespaceExtractorAnswer(extractor, namespace.embedding, isRegistered, plugin)
}
