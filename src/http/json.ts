import { fail, invalid, type Failure, type Fault } from '../domain/failure.ts'

/** A whole number outside quotes that may not fit 53 bits; cheap, so that most bodies are parsed once. */
const longInteger = /[[,:\s]-?\d{16,}(?![\d.eE])|^-?\d{16,}$/
const largeExponent = /\d[eE]\+?\d{3,}/
/** PostgreSQL's text holds neither U+0000 nor half a surrogate pair. */
const suspectEscape = /\\u(?:0000|d[89a-f])/i
const faultsMax = 20

/**
 * JSON as a caller wrote it. Throws `bad_request` with the position of a syntax error, and `request_invalid` with the
 * location of each number or text that could not be kept exactly (design 7, HTTP). `5.0` is 5.
 */
export function parseJson(
  text: string,
  options: { depthMax: number; location?: string[] },
): unknown {
  const at = options.location ?? ['body']
  if (isDeeper(text, options.depthMax)) {
    throw invalid(at, `is nested deeper than ${options.depthMax} levels`, 'too_deep')
  }
  const isSuspect = longInteger.test(text) || largeExponent.test(text)
  const value = isSuspect ? parseExactly(text, at) : parse(text)
  if (suspectEscape.test(text) || text.includes('\u0000')) refuseUnstorable(value, at)
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw syntaxFailure(text, error)
  }
}

/** Parses again with each number's source at hand, then says where the wrong ones stand. */
function parseExactly(text: string, at: string[]): unknown {
  const wrong: { holder: object; key: string; source: string }[] = []
  function check(
    this: object,
    key: string,
    value: unknown,
    context?: { source?: string },
  ): unknown {
    if (
      typeof value === 'number' &&
      context?.source !== undefined &&
      isRounded(context.source, value)
    ) {
      wrong.push({ holder: this, key, source: context.source })
    }
    return value
  }
  let value: unknown
  try {
    value = JSON.parse(text, check)
  } catch (error) {
    throw syntaxFailure(text, error)
  }
  if (wrong.length === 0) return value
  const paths = pathsOf(value, at)
  const faults = wrong.slice(0, faultsMax).map(({ holder, key, source }): Fault => {
    const path = paths.get(holder)
    // The reviver holds the root in an object that is no part of the tree.
    if (path === undefined) return numberFault(at, source)
    return numberFault([...path, Array.isArray(holder) ? Number(key) : key], source)
  })
  throw fail('request_invalid', { faults })
}

function isRounded(source: string, value: number): boolean {
  if (!Number.isFinite(value)) return true
  return /^-?\d+$/.test(source) && !Number.isSafeInteger(value)
}

function numberFault(location: (string | number)[], source: string): Fault {
  const shown = source.length > 40 ? `${source.slice(0, 40)}…` : source
  const message = `${String(location.at(-1))} is the number ${shown}, which cannot be kept exactly; whole numbers reach from -(2^53-1) to 2^53-1: send larger ones as strings`
  return { location, message, type: 'out_of_range' }
}

/** Every object and array of a tree with its location. */
function pathsOf(root: unknown, at: (string | number)[]): Map<object, (string | number)[]> {
  const paths = new Map<object, (string | number)[]>()
  walk(root, at, (value, path) => {
    if (typeof value === 'object' && value !== null) paths.set(value, path)
  })
  return paths
}

function refuseUnstorable(value: unknown, at: string[]): void {
  const faults: Fault[] = []
  walk(value, at, (part, path) => {
    const keys =
      typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.keys(part) : []
    const wrong = [...keys, ...(typeof part === 'string' ? [part] : [])].some(isUnstorable)
    if (!wrong || faults.length >= faultsMax) return
    const message = `${String(path.at(-1))} holds U+0000 or half a surrogate pair, which cannot be stored; leave those characters out`
    faults.push({ location: path, message, type: 'invalid_character' })
  })
  if (faults.length > 0) throw fail('request_invalid', { faults })
}

/** Whether a text holds what PostgreSQL cannot store. */
export function isUnstorable(text: string): boolean {
  return text.includes('\u0000') || !text.isWellFormed()
}

function walk(
  root: unknown,
  at: (string | number)[],
  visit: (value: unknown, path: (string | number)[]) => void,
): void {
  const waiting: { value: unknown; path: (string | number)[] }[] = [{ value: root, path: at }]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value, path } = next
    visit(value, path)
    if (typeof value !== 'object' || value === null) continue
    const entries = Object.entries(value)
    for (const [key, child] of entries.reverse()) {
      waiting.push({ value: child, path: [...path, Array.isArray(value) ? Number(key) : key] })
    }
  }
}

function syntaxFailure(text: string, error: unknown): Failure<'bad_request'> {
  const reason = error instanceof Error ? error.message : String(error)
  const found = /at position (\d+)/.exec(reason)
  const position = found ? Number(found[1]) : text.length
  const before = text.slice(0, position)
  const line = before.split('\n').length
  const column = position - before.lastIndexOf('\n')
  const what = text.trim() === '' ? 'it is empty' : plainReason(reason)
  return fail('bad_request', {
    reason: `The body is not JSON: ${what} at line ${line}, column ${column}.`,
    details: { position, line, column },
  })
}

/** V8's sentence without its own position and without a piece of the body. */
function plainReason(reason: string): string {
  const [sentence = ''] = reason.split(/,? (?:in JSON|is not valid JSON|\.\.\.|")/)
  const clean = sentence.replace(/,.*$/s, '').trim()
  return clean === '' ? 'it cannot be read' : clean.charAt(0).toLowerCase() + clean.slice(1)
}

/** Counts brackets outside strings: a body that nests too deep would overflow whoever walks it. */
function isDeeper(text: string, depthMax: number): boolean {
  if (text.length <= depthMax) return false
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 34) inString = !inString
    else if (inString && code === 92) i++
    else if (inString) continue
    else if (code === 91 || code === 123) depth++
    else if (code === 93 || code === 125) depth--
    if (depth > depthMax) return true
  }
  return false
}
