import { EngineRejection } from '../../ports/vector-engine.ts'

const plainKey = /^[A-Za-z0-9_-]+$/
const plainPath = /^[A-Za-z0-9_-]+(?:\[\d*\])*(?:\.[A-Za-z0-9_-]+(?:\[\d*\])*)*$/
/** A dot with an even number of quotes behind it separates; one inside quotes does not. */
const separator = /\.(?=(?:[^"]*"[^"]*")*[^"]*$)/

/**
 * A payload path of the port as the engine reads it: keys with characters other than `[A-Za-z0-9_-]` are
 * quoted (design 7), so `metadata.<string>` becomes `metadata."<string>"`. Keys that come quoted stay so,
 * which is how a key with a dot in it is named. Throws EngineRejection where a key holds `"` or `\`:
 * the engine's paths have no way to say it.
 */
export function engineKey(path: string): string {
  if (plainPath.test(path)) return path
  return path.split(separator).map(quotedPart).join('.')
}

/** The inverse, for paths the engine answers: quotes go wherever the path means the same without them. */
export function portKey(path: string): string {
  if (!path.includes('"')) return path
  return path
    .split(separator)
    .map((part) => {
      const bare = part.replace(/^"([^"]*)"/, '$1')
      return !bare.includes('.') && quotedPart(bare) === part ? bare : part
    })
    .join('.')
}

function quotedPart(part: string): string {
  const [, key = '', brackets = ''] = /^(.*?)((?:\[\d*\])*)$/s.exec(part) ?? []
  if (plainKey.test(key) || /^"[^"\\]*"$/.test(key)) return part
  if (/["\\]/.test(key)) {
    throw new EngineRejection(
      `the payload key ${JSON.stringify(key)} cannot be named in a path: it holds " or \\`,
    )
  }
  return `"${key}"${brackets}`
}
