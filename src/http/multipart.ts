import { fail, invalid } from '../domain/failure.ts'

/** One part of a `multipart/form-data` body; what of its content nobody reads is passed over. */
export interface Part {
  name: string
  filename: string | null
  content: AsyncIterable<Uint8Array>
}

export interface Form<T> {
  fields: Record<string, string>
  /** What `keep` made of the file; null where none was sent. */
  file: T | null
}

const partsMax = 32
const preambleBytesMax = 16 * 1024
const headBytesMax = 16 * 1024
const fieldBytesMax = 64 * 1024
const crlf = '\r\n'
const boundaryRule = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i

/**
 * A form with one file, which `keep` reads while it comes: nothing of it is held here. A second file or field of one
 * name, and any other file, is refused. Throws `media_type_unsupported`, `bad_request`, `request_invalid`, and what `keep` throws.
 */
export async function readForm<T>(
  stream: AsyncIterable<Uint8Array>,
  headers: Headers,
  fileField: string,
  keep: (content: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<Form<T>> {
  const form: Form<T> = { fields: {}, file: null }
  for await (const { name, filename, content } of readParts(stream, headers)) {
    if (name === fileField && form.file === null) form.file = await keep(content)
    else if (name === fileField || filename !== null) throw oneFile(name, fileField)
    else if (Object.hasOwn(form.fields, name)) throw twice(name)
    else form.fields[name] = await textOf(name, content)
  }
  return form
}

/** The parts in their order. Throws `media_type_unsupported`, `bad_request`. */
export async function* readParts(
  stream: AsyncIterable<Uint8Array>,
  headers: Headers,
): AsyncGenerator<Part, void, undefined> {
  const source = new Source(stream)
  try {
    // The first boundary needs no line break before it.
    source.unread(Buffer.from(crlf))
    const delimiter = Buffer.from(`${crlf}--${boundaryOf(headers)}`)
    await drain(source.until(delimiter), preambleBytesMax)
    for (let parts = 0; !(await source.startsWith('--')); parts++) {
      if (parts === partsMax) throw malformed(`it has more than ${partsMax} parts`)
      const head = partHead(await headOf(source))
      yield { ...head, content: source.until(delimiter) }
      if (!source.isBehind(delimiter)) await drain(source.until(delimiter))
    }
  } finally {
    await source.close()
  }
}

/** Bytes of the body, searched as they come; holds no more than a chunk and the start of a delimiter. */
class Source {
  readonly #chunks: AsyncIterator<Uint8Array>
  #buffer = Buffer.alloc(0)
  #passed: Buffer | null = null

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]()
  }

  unread(bytes: Buffer): void {
    this.#buffer = Buffer.concat([bytes, this.#buffer])
  }

  /** Whether the last thing that was read is this delimiter. */
  isBehind(delimiter: Buffer): boolean {
    return this.#passed === delimiter
  }

  /** What comes before the delimiter, which is read as well. */
  async *until(delimiter: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
    this.#passed = null
    for (;;) {
      const at = this.#buffer.indexOf(delimiter)
      if (at >= 0) {
        const before = this.#buffer.subarray(0, at)
        this.#buffer = this.#buffer.subarray(at + delimiter.length)
        this.#passed = delimiter
        if (at > 0) yield before
        return
      }
      const safe = this.#buffer.length - delimiter.length + 1
      if (safe > 0) {
        const before = this.#buffer.subarray(0, safe)
        this.#buffer = this.#buffer.subarray(safe)
        yield before
      }
      await this.#fill()
    }
  }

  async startsWith(text: string): Promise<boolean> {
    while (this.#buffer.length < text.length) await this.#fill()
    return this.#buffer.toString('latin1', 0, text.length) === text
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  async #fill(): Promise<void> {
    const { value, done } = await this.#chunks.next()
    if (done === true) throw malformed('it ends before its last boundary')
    this.#buffer = Buffer.concat([this.#buffer, value])
  }
}

/** The lines between a boundary and the empty line; the rest of the boundary's own line is the first of them. */
async function headOf(source: Source): Promise<string> {
  const head = await collect(source.until(Buffer.from(crlf + crlf)), headBytesMax, () =>
    malformed(`the head of a part has more than ${headBytesMax} bytes`),
  )
  return head.toString('utf8')
}

function partHead(head: string): Omit<Part, 'content'> {
  const line = head.split(crlf).find((one) => /^content-disposition\s*:/i.test(one))
  const name = line === undefined ? null : parameterOf(line, 'name')
  if (name === null) throw malformed('a part has no name')
  return { name, filename: parameterOf(line ?? '', 'filename') }
}

/** `name="a \"b\""`, as browsers and libraries write it, or without quotes. */
function parameterOf(line: string, parameter: string): string | null {
  const pattern = new RegExp(
    `;\\s*${parameter}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`,
    'i',
  )
  const [, quoted, plain] = pattern.exec(line) ?? []
  if (quoted === undefined) return plain ?? null
  return quoted.replaceAll(/\\(.)/g, '$1').replaceAll('%22', '"')
}

function boundaryOf(headers: Headers): string {
  const given = headers.get('content-type') ?? ''
  const [, quoted, plain] = boundaryRule.exec(given) ?? []
  const boundary = quoted ?? plain
  if (!/^\s*multipart\/form-data\s*;/i.test(given) || boundary === undefined) {
    throw fail('media_type_unsupported', { given, wanted: 'multipart/form-data with a boundary' })
  }
  return boundary
}

async function textOf(name: string, content: AsyncIterable<Uint8Array>): Promise<string> {
  const bytes = await collect(content, fieldBytesMax, () =>
    invalid(['body', name], `${name} has more than ${fieldBytesMax} bytes`, 'out_of_range'),
  )
  const text = bytes.toString('utf8')
  if (!text.includes('\u0000') && Buffer.from(text).equals(bytes)) return text
  throw invalid(['body', name], `${name} must be text in UTF-8`, 'invalid_character')
}

async function collect(
  content: AsyncIterable<Uint8Array>,
  bytesMax: number,
  tooLarge: () => Error,
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of content) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > bytesMax) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function drain(content: AsyncIterable<Uint8Array>, bytesMax = Infinity): Promise<void> {
  let sizeBytes = 0
  for await (const chunk of content) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > bytesMax) throw malformed(`it has no boundary within ${bytesMax} bytes`)
  }
}

function twice(name: string) {
  return invalid(['body', name], `${name} is sent twice; send it once`, 'invalid')
}

function oneFile(name: string, fileField: string) {
  return invalid(['body', name], `${name} is a file too many; send one, as ${fileField}`, 'invalid')
}

function malformed(what: string) {
  return fail('bad_request', { reason: `The body is no multipart/form-data: ${what}.` })
}
