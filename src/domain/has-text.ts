/** Whether a text in the value, however deep, holds the wanted one; `wanted` is in lower case (contract 4, search). */
export function hasText(value: unknown, wanted: string): boolean {
  if (typeof value === 'string') return value.toLowerCase().includes(wanted)
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((each) => hasText(each, wanted))
}
