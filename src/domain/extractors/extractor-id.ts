/** `text_extractor` and `v1` → `text_extractor_v1`; `my_plugin` and `1.0.0` → `my_plugin_1_0_0` (contract 9.1). */
export function extractorIdOf(name: string, version: string): string {
  return `${name}_${version.replaceAll('.', '_')}`
}
