import { TemplateError } from './expression.ts'

export interface Token {
  kind: 'name' | 'number' | 'text' | 'mark' | 'end'
  text: string
}

const marks = /===|!==|==|!=|<=|>=|&&|\|\||\/\/|[-+*/%~<>!?:|.,()[\]=]/y
const space = /\s+/y
const name = /[A-Za-z_]\w*/y
/** A key after a dot may have hyphens between its letters, as names of inputs do; a minus has spaces. */
const key = /\w+(?:-\w+)*/y
const number = /\d+(?:\.\d+)?(?:e[-+]?\d+)?/iy
const text = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/sy

/** More in one expression are no expression that somebody wrote, and would nest deeper than the stack. */
const tokensMax = 1_000

/** Throws TemplateError at what is no word of the language. Linear in the length of the source. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const [found] = pattern.exec(source) ?? []
    if (found === undefined) return null
    at += found.length
    return found
  }
  while (at < source.length) {
    if (take(space) !== null) continue
    tokens.push(nextToken(take, tokens.at(-1)?.text === '.') ?? unknownToken(source.slice(at)))
    if (tokens.length > tokensMax) throw new TemplateError(`it has more than ${tokensMax} words`)
  }
  tokens.push({ kind: 'end', text: '' })
  return tokens
}

function nextToken(take: (pattern: RegExp) => string | null, isAfterDot: boolean): Token | null {
  const patterns: [Token['kind'], RegExp][] = isAfterDot
    ? [['name', key]]
    : [
        ['name', name],
        ['number', number],
        ['text', text],
        ['mark', marks],
      ]
  for (const [kind, pattern] of patterns) {
    const found = take(pattern)
    if (found !== null) return { kind, text: kind === 'text' ? unquoted(found) : found }
  }
  return null
}

function unknownToken(rest: string): never {
  throw new TemplateError(`'${rest.slice(0, 20)}' cannot be read`)
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

function unquoted(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/gs, (_, letter: string) => escapes[letter] ?? letter)
}
