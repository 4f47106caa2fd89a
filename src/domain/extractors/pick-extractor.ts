import type { Extractor } from './extractor.ts'
import { parseFeatureUri, plainVersion } from './feature-uri.ts'

type Named = Pick<Extractor, 'id' | 'name' | 'version'>

/**
 * The extractor that `id` means: `text_extractor_v1` or `my_plugin_1_0_0`, `my_plugin@1.0.0`, a feature URI, or a
 * bare name where it has one version. `v1`, `1.0` and `1.0.0` are one version (contract 10.2). Null for none.
 */
export function pickExtractor<E extends Named>(extractors: readonly E[], id: string): E | null {
  const exact = extractors.find((extractor) => extractor.id === id)
  if (exact) return exact
  const wanted = parseFeatureUri(id)
  if (wanted) return pickVersion(extractors, wanted.extractor, wanted.version)
  const [only, ...others] = extractors.filter(({ name }) => name === id)
  if (only && others.length === 0) return only
  const [, name, version] = /^(.+?)_(v?\d+(?:_\d+){0,2})$/i.exec(id) ?? []
  return name === undefined || version === undefined ? null : pickVersion(extractors, name, version)
}

/** By its name and any spelling of its version. */
export function pickVersion<E extends Named>(
  extractors: readonly E[],
  name: string,
  version: string,
): E | null {
  const plain = plainVersion(version)
  return extractors.find((one) => one.name === name && plainVersion(one.version) === plain) ?? null
}
