import { fail } from '../../failure.ts'
import { suggestion } from '../../nearest-name.ts'
import type { BinaryOperator, Expression, TemplateNamespace } from './expression.ts'
import { TemplateError } from './expression.ts'
import { filterNames, functionNames } from './template-functions.ts'
import { tokensOf, type Token } from './template-tokens.ts'

const namespaces: ReadonlyMap<string, TemplateNamespace> = new Map([
  ['input', 'input'],
  ['inputs', 'input'],
  ['context', 'context'],
  ['stage', 'stage'],
  ['stages', 'stage'],
])
const absentNamespaces = new Set(['doc', 'secret', 'secrets'])
const words: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['none', null],
  ['null', null],
])
/** Weakest first; those of one row bind from left to right. */
const levels: readonly (readonly (readonly [string, BinaryOperator])[])[] = [
  [
    ['or', 'or'],
    ['||', 'or'],
  ],
  [
    ['and', 'and'],
    ['&&', 'and'],
  ],
  [
    ['==', '=='],
    ['===', '=='],
    ['!=', '!='],
    ['!==', '!='],
    ['<', '<'],
    ['<=', '<='],
    ['>', '>'],
    ['>=', '>='],
    ['in', 'in'],
  ],
  [
    ['+', '+'],
    ['-', '-'],
    ['~', '~'],
  ],
  [
    ['*', '*'],
    ['/', '/'],
    ['//', '//'],
    ['%', '%'],
  ],
]
const comparisons = 2
const depthMax = 32

/**
 * One expression. Throws TemplateError where it is none, `not_enabled` for a namespace of the contract that nothing
 * here fills.
 */
export function parseExpression(source: string): Expression {
  const parser = new Parser(tokensOf(source))
  const parsed = parser.choice()
  parser.end()
  return parsed
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  end(): void {
    const { kind, text } = this.#token()
    if (kind !== 'end') throw new TemplateError(`'${text}' is not expected there`)
  }

  /** `a if c else b`, or `c ? a : b`. */
  choice(): Expression {
    this.#depth += 1
    if (this.#depth > depthMax) throw new TemplateError('it is nested too deeply')
    const first = this.#binary(0)
    const parsed = this.#chosen(first)
    this.#depth -= 1
    return parsed
  }

  #chosen(first: Expression): Expression {
    if (this.#takes('if')) {
      const when = this.#binary(0)
      const otherwise = this.#takes('else') ? this.choice() : null
      return { kind: 'choice', when, chosen: first, otherwise }
    }
    if (!this.#takes('?')) return first
    const chosen = this.choice()
    this.#expect(':')
    return { kind: 'choice', when: first, chosen, otherwise: this.choice() }
  }

  #binary(level: number): Expression {
    const operators = levels[level]
    if (!operators) return this.#unary()
    if (level === comparisons && this.#takes('not', '!'))
      return { kind: 'unary', operator: 'not', of: this.#deeper(() => this.#binary(level)) }
    let left = this.#binary(level + 1)
    for (;;) {
      const operator = this.#operator(operators, level)
      if (operator === null) return left
      left = { kind: 'binary', operator, left, right: this.#binary(level + 1) }
    }
  }

  #operator(
    operators: readonly (readonly [string, BinaryOperator])[],
    level: number,
  ): BinaryOperator | null {
    const found = operators.find(([mark]) => this.#takes(mark))
    if (found) return found[1]
    if (level !== comparisons || !this.#takes('not')) return null
    this.#expect('in')
    return 'not in'
  }

  #unary(): Expression {
    if (this.#takes('-'))
      return { kind: 'unary', operator: '-', of: this.#deeper(() => this.#unary()) }
    let parsed = this.#primary()
    for (;;) {
      if (this.#takes('.')) parsed = keyed(parsed, this.#name())
      else if (this.#takes('[')) {
        parsed = { kind: 'key', of: parsed, key: this.choice() }
        this.#expect(']')
      } else if (this.#takes('|')) parsed = this.#filter(parsed)
      else return parsed
    }
  }

  #deeper(parse: () => Expression): Expression {
    this.#depth += 1
    if (this.#depth > depthMax) throw new TemplateError('it is nested too deeply')
    const parsed = parse()
    this.#depth -= 1
    return parsed
  }

  #filter(of: Expression): Expression {
    const name = this.#name()
    const args = this.#takes('(') ? this.#list(')') : []
    return { kind: 'call', name: known(name, filterNames, 'filter'), args: [of, ...args] }
  }

  #primary(): Expression {
    const token = this.#token()
    this.#at += 1
    if (token.kind === 'text') return { kind: 'literal', value: token.text }
    if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) }
    if (token.kind === 'name') return this.#named(token.text)
    if (token.text === '[') return { kind: 'list', items: this.#list(']') }
    if (token.text !== '(')
      throw new TemplateError(
        token.kind === 'end' ? 'it is incomplete' : `'${token.text}' is not expected there`,
      )
    const parsed = this.choice()
    this.#expect(')')
    return parsed
  }

  #named(word: string): Expression {
    const lower = word.toLowerCase()
    if (this.#takes('(')) {
      const name = known(word, functionNames, 'function')
      return { kind: 'call', name: `${name}()`, args: this.#list(')') }
    }
    const namespace = namespaces.get(lower)
    if (namespace) return { kind: 'root', namespace }
    const value = words.get(lower)
    if (value !== undefined) return { kind: 'literal', value }
    if (absentNamespaces.has(lower)) {
      throw fail('not_enabled', {
        feature: `Template namespace ${word}`,
        hint: 'Use {{INPUT.name}}, {{CONTEXT.…}} or {{STAGE.name.…}}.',
      })
    }
    throw new TemplateError(`'${word}' is nothing that a template knows; write {{INPUT.${word}}}`)
  }

  /** Arguments up to the closing mark; `attribute='a'` is `'a'`. */
  #list(close: ')' | ']'): Expression[] {
    const items: Expression[] = []
    while (!this.#takes(close)) {
      const next = this.#tokens[this.#at + 1]
      if (close === ')' && next?.kind === 'mark' && next.text === '=') this.#at += 2
      items.push(this.choice())
      if (this.#takes(',')) continue
      this.#expect(close)
      break
    }
    return items
  }

  #name(): string {
    const { kind, text } = this.#token()
    if (kind !== 'name') throw new TemplateError('a name is missing')
    this.#at += 1
    return text
  }

  #takes(...marks: string[]): boolean {
    const { kind, text } = this.#token()
    const isTaken = (kind === 'mark' || kind === 'name') && marks.includes(text)
    if (isTaken) this.#at += 1
    return isTaken
  }

  #expect(mark: string): void {
    if (!this.#takes(mark)) throw new TemplateError(`'${mark}' is missing`)
  }

  #token(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' }
  }
}

function keyed(of: Expression, key: string): Expression {
  return { kind: 'key', of, key: { kind: 'literal', value: key } }
}

function known(name: string, names: readonly string[], what: string): string {
  if (names.includes(name)) return name
  throw new TemplateError(
    `there is no ${what} ${name}${suggestion(name, names)}; there are ${names.join(', ')}`,
  )
}
