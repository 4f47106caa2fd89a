import type { Readable } from 'node:stream'
import { z } from 'zod'
import type { Logger } from '../../ports/logger.ts'

const Line = z.object({
  level: z.string(),
  message: z.string(),
  step: z.string().nullish(),
  object_id: z.string().nullish(),
})

const lineBytesMax = 16 << 10
const lastLinesMax = 5
const minuteMs = 60_000
/** Read in one go; then the process has to wait, and the server gets on with its own work. */
const burstBytes = 256 << 10
const pauseMs = 50

/**
 * What a plugin process writes to stderr, into the log: so many lines a minute, the rest counted. It is read no faster
 * than some megabytes a second, whatever is written.
 */
export class PluginLog {
  readonly #log: Logger
  readonly #linesMax: number
  readonly #stream: Readable
  #rest = Buffer.alloc(0)
  #burst = 0
  #minute = { startedAt: 0, lines: 0 }
  #unwritten = 0
  #last: string[] = []
  /** Everything that came, written or not. */
  bytes = 0

  constructor(stream: Readable, options: { log: Logger; linesMax: number }) {
    this.#stream = stream
    this.#log = options.log
    this.#linesMax = options.linesMax
    stream.on('data', (chunk: Buffer) => this.#read(chunk))
    stream.on('end', () => this.#end())
    stream.on('error', () => {}) // its end is told by the process's
  }

  /** The last lines, for the message about an end that the process did not explain. */
  lastWords(): string {
    return this.#last.join('\n').slice(-1_000)
  }

  #read(chunk: Buffer): void {
    this.bytes += chunk.length
    this.#burst += chunk.length
    if (this.#burst > burstBytes) this.#pause()
    const joined = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    let from = 0
    for (let to = joined.indexOf(10); to >= 0; to = joined.indexOf(10, from)) {
      this.#line(joined.subarray(from, to))
      from = to + 1
    }
    // What does not end is cut; the rest of it will be a line of its own.
    const rest = joined.subarray(from)
    if (rest.length > lineBytesMax) this.#line(rest)
    this.#rest = rest.length > lineBytesMax ? Buffer.alloc(0) : Buffer.from(rest)
  }

  #pause(): void {
    this.#burst = 0
    this.#stream.pause()
    setTimeout(() => this.#stream.resume(), pauseMs)
  }

  #end(): void {
    if (this.#rest.length > 0) this.#line(this.#rest)
    this.#rest = Buffer.alloc(0)
    this.#tellUnwritten()
  }

  #line(bytes: Buffer): void {
    if (bytes.length === 0) return
    const now = Date.now()
    if (now - this.#minute.startedAt > minuteMs) {
      this.#tellUnwritten()
      this.#minute = { startedAt: now, lines: 0 }
    }
    this.#minute.lines += 1
    if (this.#minute.lines > this.#linesMax) this.#unwritten += 1
    else this.#write(bytes.subarray(0, lineBytesMax).toString('utf8'))
  }

  #write(text: string): void {
    const line = parseLine(text)
    this.#last = [...this.#last, line.message].slice(-lastLinesMax)
    const fields = {
      said: line.message,
      ...(line.step && { step: line.step }),
      ...(line.object_id && { objectId: line.object_id }),
    }
    if (line.level === 'error' || line.level === 'critical')
      this.#log.error(fields, 'a plugin wrote')
    else if (line.level === 'warning') this.#log.warn(fields, 'a plugin wrote')
    else if (line.level === 'debug') this.#log.debug(fields, 'a plugin wrote')
    else this.#log.info(fields, 'a plugin wrote')
  }

  #tellUnwritten(): void {
    if (this.#unwritten > 0)
      this.#log.warn({ lines: this.#unwritten }, 'a plugin wrote more lines than are logged')
    this.#unwritten = 0
  }
}

/** The host's lines are JSON; what a library of C writes is not. */
function parseLine(text: string): z.infer<typeof Line> {
  try {
    const line = Line.safeParse(JSON.parse(text))
    if (line.success) return line.data
  } catch {
    // as it is
  }
  return { level: 'warning', message: text }
}
