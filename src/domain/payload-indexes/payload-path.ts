import { everyElement, pathKeys } from '../filters/field-path.ts'

/**
 * One spelling for each payload path, that of the engine port: a key stands in quotes only where it means
 * something else without them. `"metadata"."a.b"` is `metadata."a.b"`, and `<string>` is itself.
 */
export function payloadPath(path: string): string {
  return pathKeys(path).reduce<string>((joined, step) => {
    if (step === everyElement) return `${joined}[]`
    if (typeof step === 'number') return `${joined}[${step}]`
    const key = /[.[\]]/.test(step) ? `"${step}"` : step
    return joined === '' ? key : `${joined}.${key}`
  }, '')
}

/** Whether every character of a path has a meaning: quotes and brackets in pairs, no empty key, no `\`. */
export function isPath(path: string): boolean {
  return /^(?:"[^"\\]+"|[^.[\]"\\]+)(?:\[\d*\])*(?:\.(?:"[^"\\]+"|[^.[\]"\\]+)(?:\[\d*\])*)*$/.test(
    path,
  )
}
