/**
 * Parameters without `extractor_type`. Generated clients send those of another extractor's model as they like
 * (contract 2.1, trap 18): where the type names another one, what this extractor does not know is dropped with a
 * warning instead of refused.
 */
export function ownParameters(
  given: Readonly<Record<string, unknown>>,
  name: string,
  known: readonly string[],
): { own: Record<string, unknown>; warnings: string[] } {
  const { extractor_type: type, ...own } = given
  if (typeof type !== 'string' || type === name) return { own, warnings: [] }

  const entries = Object.entries(own)
  const foreign = entries.flatMap(([key]) => (known.includes(key) ? [] : [key]))
  const warnings =
    foreign.length === 0 ? [] : [`Parameters of ${type} were ignored: ${foreign.join(', ')}.`]
  return { own: Object.fromEntries(entries.filter(([key]) => known.includes(key))), warnings }
}
