/** What stands between `{{` and `}}`, parsed (contract 17.5). */
export type Expression =
  | { kind: 'literal'; value: string | number | boolean | null }
  | { kind: 'list'; items: readonly Expression[] }
  | { kind: 'root'; namespace: TemplateNamespace }
  | { kind: 'key'; of: Expression; key: Expression }
  | { kind: 'call'; name: string; args: readonly Expression[] }
  | { kind: 'unary'; operator: 'not' | '-'; of: Expression }
  | { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression }
  | { kind: 'choice'; when: Expression; chosen: Expression; otherwise: Expression | null }

/** What a template may read: the inputs of the execution, what it is, and what the stages before found. */
export const templateNamespaces = ['input', 'context', 'stage'] as const
export type TemplateNamespace = (typeof templateNamespaces)[number]

export const binaryOperators = [
  'or',
  'and',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'not in',
  '+',
  '-',
  '~',
  '*',
  '/',
  '//',
  '%',
] as const
export type BinaryOperator = (typeof binaryOperators)[number]

/** A fault of a template itself; the template that has it says where it stands. */
export class TemplateError extends Error {}

/** Something that a template names and nobody gave; only where it is needed that is a fault. */
export class Missing {
  readonly path: readonly string[]
  constructor(path: readonly string[]) {
    this.path = path
  }
}

/** A missing value that was needed. */
export class MissingError extends Error {
  readonly missing: Missing
  constructor(missing: Missing) {
    super(`${missing.path.join('.')} is missing`)
    this.missing = missing
  }
}

/** Throws MissingError. */
export function present(value: unknown): unknown {
  if (value instanceof Missing) throw new MissingError(value)
  return value
}
