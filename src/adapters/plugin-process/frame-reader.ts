/** The stream is not one of answers: the process that wrote it is no longer to be believed. */
export class BadFrame extends Error {
  override readonly name = 'BadFrame'
  /** Whether it is one, and too much. */
  readonly isTooMuch: boolean

  constructor(message: string, isTooMuch = false) {
    super(message)
    this.isTooMuch = isTooMuch
  }
}

/** Values (commas and brackets) in one answer: reading half a million takes some 50 ms, in which the server does nothing else. */
const valuesMax = 500_000
const depthMax = 200

const headBytes = 4
const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/**
 * Answers out of a plugin process: 4 bytes of length, big-endian, then JSON (python/README.md). What a stranger wrote
 * is counted as it comes, so that neither its size nor its structure can hold the server up.
 */
export class FrameReader {
  readonly #bytesMax: number
  #head: Buffer = Buffer.alloc(0)
  #chunks: Buffer[] = []
  #missing = -1
  #scan = new ValueCount()

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** The answer that these bytes end; null where more are to come. Throws `BadFrame`. */
  push(chunk: Buffer): unknown {
    const body = this.#missing < 0 ? this.#readHead(chunk) : chunk
    if (this.#missing < 0) return null
    if (body.length > this.#missing) throw new BadFrame('it wrote more than its answer')
    this.#scan.add(body)
    this.#chunks.push(body)
    this.#missing -= body.length
    return this.#missing === 0 ? this.#finish() : null
  }

  /** What of the chunk belongs to the body; `missing` stays negative while the head is not whole. */
  #readHead(chunk: Buffer): Buffer {
    const head = this.#head.length > 0 ? Buffer.concat([this.#head, chunk]) : chunk
    this.#head = head.length < headBytes ? head : Buffer.alloc(0)
    if (head.length < headBytes) return head
    const size = head.readUInt32BE(0)
    if (size > this.#bytesMax) {
      throw new BadFrame(
        `its answer has ${size} bytes, at most ${this.#bytesMax} (NACRE_PLUGIN_OUTPUT_BYTES_MAX)`,
        true,
      )
    }
    if (size === 0) throw new BadFrame('its answer is empty')
    this.#missing = size
    return head.subarray(headBytes)
  }

  #finish(): unknown {
    const body = Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#missing = -1
    this.#scan = new ValueCount()
    try {
      return JSON.parse(body.toString('utf8'))
    } catch {
      throw new BadFrame('its answer is not JSON')
    }
  }
}

/** Values and depth of JSON, by its bytes alone. */
class ValueCount {
  #values = 0
  #depth = 0
  #isInText = false
  #isEscaped = false

  /** One loop on local numbers: some 0.1 ms for what a pipe hands over at once. */
  add(bytes: Buffer): void {
    let isInText = this.#isInText
    let isEscaped = this.#isEscaped
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at]
      if (isInText) {
        if (isEscaped) isEscaped = false
        else if (byte === backslash) isEscaped = true
        else if (byte === quote) isInText = false
      } else if (byte === quote) isInText = true
      else if (byte === openBracket || byte === openBrace) this.#open()
      else if (byte === closeBracket || byte === closeBrace) this.#depth -= 1
      else if (byte === comma) this.#values += 1
    }
    this.#isInText = isInText
    this.#isEscaped = isEscaped
    if (this.#values > valuesMax)
      throw new BadFrame(`its answer has more than ${valuesMax} values`, true)
  }

  #open(): void {
    this.#values += 1
    this.#depth += 1
    if (this.#depth > depthMax)
      throw new BadFrame(`its answer is nested more than ${depthMax} deep`, true)
  }
}
