import { engineReads } from './recorded-ports.ts'

/** Ports whose calls leave nothing behind: what they write to the database is counted where it is written. */
const withoutEffect: readonly string[] = [
  'cache',
  'embedder',
  'extractors',
  'leases',
  'metrics',
  'plugins',
  'queue',
  'room',
]

/** Of the others those that only read, or only make safe what is there already. */
const reads: readonly string[] = [
  ...engineReads,
  ...['flush', 'optimize'].map((name) => `vectors.${name}`),
  ...['read', 'open', 'has', 'ping'].map((name) => `blobs.${name}`),
]

/** Whether a second start finds something else after this call of a port (`vectors.write`) than before it. */
export function isPortEffect(called: string): boolean {
  const [port = ''] = called.split('.')
  return !withoutEffect.includes(port) && !reads.includes(called)
}

/** The statements of one connection; those of a transaction take effect with its COMMIT. */
export class Session {
  #isOpen = false
  #hasWritten = false

  /** To be asked of each statement once, in their order. */
  isEffect(text: string): boolean {
    const boundary = /^\s*(begin|start transaction|commit|rollback)\b(?! to)/i.exec(text)
    if (boundary?.[1]) return this.#boundary(boundary[1].toLowerCase())
    const isWrite = writes(text)
    if (!this.#isOpen) return isWrite
    this.#hasWritten ||= isWrite
    return false
  }

  #boundary(verb: string): boolean {
    const isEffect = verb === 'commit' && this.#hasWritten
    this.#isOpen = verb === 'begin' || verb === 'start transaction'
    this.#hasWritten = false
    return isEffect
  }
}

/** Leases run out, whatever of them a dead process held. */
function writes(text: string): boolean {
  if (/\bnamespace_lease(_share)?s\b/i.test(text)) return false
  if (/^\s*with\b/i.test(text)) return /\b(insert into|update|delete from|merge into)\s/i.test(text)
  const isQuery = /^\s*(select|set|show|savepoint|release|listen|unlisten|notify)\b/i.test(text)
  return !isQuery || /\b(setval|nextval|create_queue)\s*\(/i.test(text)
}
