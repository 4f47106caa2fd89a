import { enginePath } from '../filters/field-path.ts'

/** One spelling for each payload path, that of the engine port: `"metadata"."a.b"` is `metadata."a.b"`. */
export function payloadPath(path: string): string {
  return enginePath(path) ?? path
}

/** Whether every character of a path has a meaning: quotes and brackets in pairs, no empty key, no backslash. */
export function isPath(path: string): boolean {
  return /^(?:"[^"\\]+"|[^.[\]"\\]+)(?:\[\d*\])*(?:\.(?:"[^"\\]+"|[^.[\]"\\]+)(?:\[\d*\])*)*$/.test(
    path,
  )
}
