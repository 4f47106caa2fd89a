import { extractorIdOf } from '../extractors/extractor-id.ts'
import { parseFeatureUri } from '../extractors/feature-uri.ts'

/** `v1`, `1.0`, `v2.1`, `v1_1` → `X.Y.Z`; null for anything else (contract 10.2, plugin-contract 2.2). */
export function plainVersion(version: string): string | null {
  const match = /^v?(\d{1,9})(?:[._](\d{1,9}))?(?:[._](\d{1,9}))?$/i.exec(version.trim())
  if (!match) return null
  const [, major = '0', minor = '0', patch = '0'] = match
  return [major, minor, patch].map(Number).join('.')
}

/** `hash_text` and `1.0.0` → `hash_text_1_0_0`. */
export function pluginIdOf(name: string, version: string): string {
  return extractorIdOf(name, version)
}

/**
 * Every id that a client may mean, the literal one first: tools compute `name_v1` from the version as written,
 * people write `name@1.0.0` or a feature URI (contract 2.4).
 */
export function pluginIdsMeant(given: string): string[] {
  const address = parseFeatureUri(given)
  const parts = address
    ? [address.extractor, address.version]
    : (/^(.+?)_(v?\d+(?:[._]\d+){0,2})$/i.exec(given)?.slice(1) ?? [])
  const [name, version] = parts
  if (name === undefined || version === undefined) return [given]
  const plain = plainVersion(version)
  return [...new Set([given, ...(plain === null ? [] : [pluginIdOf(name, plain)])])]
}
