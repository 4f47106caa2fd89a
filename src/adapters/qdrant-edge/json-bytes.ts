/** JSON as it crosses to the addon. */
export function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

/** JSON as it comes back; the addon's own answers, so the caller names the type. */
export function fromJsonBytes<T>(bytes: Buffer): T {
  return JSON.parse(bytes.toString())
}
