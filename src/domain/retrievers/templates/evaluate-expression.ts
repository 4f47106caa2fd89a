import type { BinaryOperator, Expression, TemplateNamespace } from './expression.ts'
import { Missing, present, TemplateError } from './expression.ts'
import { callByName } from './template-functions.ts'
import type { TemplateSteps } from './template-steps.ts'
import { asText, fieldKeys, isOpen, isTrue, kindOf, ownValue } from './template-values.ts'

/** What the namespaces stand for in one execution. */
export type TemplateScope = Readonly<Record<TemplateNamespace, Readonly<Record<string, unknown>>>>

/**
 * The value of an expression; Missing where it names what nobody gave. Throws TemplateError where values do not fit or
 * the steps are used up, MissingError where a missing one is computed with.
 */
export function evaluate(of: Expression, scope: TemplateScope, steps: TemplateSteps): unknown {
  steps.take()
  switch (of.kind) {
    case 'literal':
      return of.value
    case 'list':
      return of.items.map((item) => present(evaluate(item, scope, steps)))
    case 'root':
      return scope[of.namespace]
    case 'key':
      return keyed(of, scope, steps)
    case 'call':
      return callByName(
        of.name,
        of.args.map((one) => evaluate(one, scope, steps)),
        steps,
      )
    case 'unary':
      return unary(of, scope, steps)
    case 'binary':
      return binary(of, scope, steps)
    case 'choice': {
      if (isTrue(evaluate(of.when, scope, steps))) return evaluate(of.chosen, scope, steps)
      return of.otherwise === null ? null : evaluate(of.otherwise, scope, steps)
    }
  }
}

function keyed(
  { of, key }: Extract<Expression, { kind: 'key' }>,
  scope: TemplateScope,
  steps: TemplateSteps,
): unknown {
  const value = evaluate(of, scope, steps)
  const name = present(evaluate(key, scope, steps))
  if (typeof name !== 'string' && typeof name !== 'number')
    throw new TemplateError(`a key is a text or a number, not ${kindOf(name)}`)
  if (value instanceof Missing) return new Missing([...value.path, String(name)])
  return ownValue(value, name) ?? new Missing([...pathOf(of), String(name)])
}

/** Of what was named, for the message that it is missing; the namespace is its first part. */
function pathOf(of: Expression): string[] {
  if (of.kind === 'root') return [of.namespace]
  if (of.kind !== 'key') return ['…']
  return [...pathOf(of.of), of.key.kind === 'literal' ? String(of.key.value) : '…']
}

function unary(
  { operator, of }: Extract<Expression, { kind: 'unary' }>,
  scope: TemplateScope,
  steps: TemplateSteps,
): unknown {
  const value = evaluate(of, scope, steps)
  return operator === 'not' ? !isTrue(value) : -numberOf(value, '-')
}

function binary(
  { operator, left, right }: Extract<Expression, { kind: 'binary' }>,
  scope: TemplateScope,
  steps: TemplateSteps,
): unknown {
  const a = evaluate(left, scope, steps)
  if (operator === 'and') return isTrue(a) ? evaluate(right, scope, steps) : a
  if (operator === 'or') return isTrue(a) ? a : evaluate(right, scope, steps)
  const b = evaluate(right, scope, steps)
  if (operator === '==') return isSame(a, b, steps)
  if (operator === '!=') return !isSame(a, b, steps)
  if (operator === 'in') return isIn(a, b, steps)
  if (operator === 'not in') return !isIn(a, b, steps)
  if (operator === '~' || (operator === '+' && typeof a === 'string' && typeof b === 'string'))
    return steps.text(asText(present(a)) + asText(present(b)))
  if (operator === '+' && Array.isArray(a) && Array.isArray(b)) {
    steps.take(a.length + b.length)
    return [...a, ...b]
  }
  return order(operator, a, b) ?? arithmetic(operator, numberOf(a, operator), numberOf(b, operator))
}

/** Nothing given is null; lists and objects are the same where all of them is. */
function isSame(left: unknown, right: unknown, steps: TemplateSteps): boolean {
  steps.take()
  const [a, b] = [left, right].map((one) => (one instanceof Missing ? null : one))
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => isSame(one, b[i], steps))
  if (!isOpen(a) || !isOpen(b)) return a === b
  const keys = fieldKeys(a)
  return (
    keys.length === fieldKeys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key], steps))
  )
}

function isIn(item: unknown, of: unknown, steps: TemplateSteps): boolean {
  if (of instanceof Missing) return false
  if (typeof of === 'string') {
    steps.text(of)
    return of.includes(asText(present(item)))
  }
  if (isOpen(of)) return typeof item === 'string' && Object.hasOwn(of, item)
  if (!Array.isArray(of)) throw new TemplateError(`in takes a list or a text, not ${kindOf(of)}`)
  steps.take(of.length)
  return of.some((one) => isSame(one, item, steps))
}

/** Two numbers or two texts compared; null where the operator does not compare. */
function order(operator: BinaryOperator, left: unknown, right: unknown): boolean | null {
  if (!['<', '<=', '>', '>='].includes(operator)) return null
  const [a, b] = [present(left), present(right)]
  const fits = typeof a === typeof b && (typeof a === 'number' || typeof a === 'string')
  if (!fits)
    throw new TemplateError(
      `${operator} compares two numbers or two texts, not ${kindOf(a)} and ${kindOf(b)}`,
    )
  const [x, y] = [a as number, b as number]
  if (operator === '<') return x < y
  if (operator === '<=') return x <= y
  return operator === '>' ? x > y : x >= y
}

function arithmetic(operator: BinaryOperator, a: number, b: number): number {
  if ((operator === '/' || operator === '//' || operator === '%') && b === 0)
    throw new TemplateError('it divides by zero')
  if (operator === '+') return a + b
  if (operator === '-') return a - b
  if (operator === '*') return a * b
  if (operator === '/') return a / b
  return operator === '//' ? Math.floor(a / b) : a - b * Math.floor(a / b)
}

function numberOf(value: unknown, operator: string): number {
  const given = present(value)
  if (typeof given === 'number') return given
  throw new TemplateError(`${operator} takes numbers, not ${kindOf(given)}`)
}
