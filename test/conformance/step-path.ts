import type { Step } from './walk.ts'

/** The path of an operation's key with the step's values in place of `{}`, percent-encoded whole, as clients do. */
export function pathOf(key: string, { path = [], query = '' }: Step): string {
  const values = path.values()
  const filled = key
    .slice(key.indexOf(' ') + 1)
    .replaceAll('{}', () => encodeURIComponent(values.next().value ?? ''))
  return filled + query
}
