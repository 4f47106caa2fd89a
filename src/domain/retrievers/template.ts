import { fail, invalid } from '../failure.ts'
import { evaluate, type TemplateScope } from './templates/evaluate-expression.ts'
import type { Expression, Missing, TemplateNamespace } from './templates/expression.ts'
import { MissingError, present, TemplateError } from './templates/expression.ts'
import { parseTemplate, type TemplatePart } from './templates/parse-template.ts'
import { TemplateSteps } from './templates/template-steps.ts'
import { asText, isTrue } from './templates/template-values.ts'

type Location = readonly (string | number)[]
type Fill = (scope: TemplateScope, steps: TemplateSteps) => unknown

const nestingMax = 32

/** Whether anything within the value is to be filled in when an execution runs. */
export function hasTemplate(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.includes('{{') || value.includes('{%')
  if (typeof value !== 'object' || value === null || depth > nestingMax) return false
  return Object.values(value).some((child) => hasTemplate(child, depth + 1))
}

/** A value whose templates are parsed, to be filled in as often as it is run. */
export interface CompiledTemplates {
  /** Which namespaces the templates read. */
  namespaces: ReadonlySet<TemplateNamespace>
  /**
   * The value with its templates filled in: a string that is one template becomes what it names, types kept; others
   * get its text. Throws `request_invalid` where an input is missing, values do not fit, or steps are used up.
   */
  fill: (scope: TemplateScope, stepsMax: number) => unknown
}

/** Throws `request_invalid` or `not_enabled` where a template could never be filled in, whatever the inputs. */
export function compileTemplates(value: unknown, location: Location): CompiledTemplates {
  const namespaces = new Set<TemplateNamespace>()
  const fill = compileValue(value, location, namespaces)
  return { namespaces, fill: (scope, stepsMax) => fill(scope, new TemplateSteps(stepsMax)) }
}

function compileValue(value: unknown, location: Location, into: Set<TemplateNamespace>): Fill {
  if (typeof value === 'string') return compileText(value, location, into)
  if (typeof value !== 'object' || value === null || !hasTemplate(value)) return () => value
  if (location.length > nestingMax) throw invalid([...location], 'is nested too deeply', 'too_deep')
  if (Array.isArray(value)) {
    const items = value.map((child: unknown, i) => compileValue(child, [...location, i], into))
    return (scope, steps) => items.map((fill) => fill(scope, steps))
  }
  const entries = Object.entries(value).map(
    ([key, child]) => [key, compileValue(child, [...location, key], into)] as const,
  )
  return (scope, steps) =>
    Object.fromEntries(entries.map(([key, fill]) => [key, fill(scope, steps)]))
}

function compileText(text: string, location: Location, into: Set<TemplateNamespace>): Fill {
  if (!hasTemplate(text)) return () => text
  const parts = told(text, location, () => parseTemplate(text))
  namespacesIn(parts, into)
  const said = parts.filter((part) => part.kind !== 'text' || part.text.trim() !== '')
  const [only] = said
  const whole = said.length === 1 && only?.kind === 'value' ? only.of : null
  return (scope, steps) =>
    told(text, location, () =>
      whole ? present(evaluate(whole, scope, steps)) : textOf(parts, scope, steps),
    )
}

function textOf(
  parts: readonly TemplatePart[],
  scope: TemplateScope,
  steps: TemplateSteps,
): string {
  return parts
    .map((part): string => {
      if (part.kind === 'text') return steps.text(part.text)
      if (part.kind === 'value') return steps.text(asText(present(evaluate(part.of, scope, steps))))
      const branch = part.branches.find(
        ({ when }) => when === null || isTrue(evaluate(when, scope, steps)),
      )
      return branch ? textOf(branch.parts, scope, steps) : ''
    })
    .join('')
}

/** Faults of a template, at its place and in its words. */
function told<T>(text: string, location: Location, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof MissingError) throw missing(error.missing, text, location)
    if (!(error instanceof TemplateError)) throw error
    const shown = text.length > 80 ? `${text.slice(0, 77)}…` : text
    throw invalid(
      [...location],
      `'${shown}' is no template that can be filled in: ${error.message}`,
      'invalid_template',
    )
  }
}

function missing({ path }: Missing, text: string, location: Location): Error {
  const [namespace, ...keys] = path
  const name = keys.join('.')
  if (namespace === 'input') {
    return invalid(
      ['body', 'inputs', ...keys],
      `the retriever needs the input '${name}', which is not given`,
      'missing_input',
    )
  }
  const message = `'${text.slice(0, 80)}' needs ${String(namespace).toUpperCase()}.${name}, which there is not`
  return fail('request_invalid', {
    faults: [{ location: [...location], message, type: 'missing_value' }],
  })
}

function namespacesIn(parts: readonly TemplatePart[], into: Set<TemplateNamespace>): void {
  for (const part of parts) {
    if (part.kind === 'value') namespacesOf(part.of, into)
    if (part.kind !== 'if') continue
    for (const { when, parts: inner } of part.branches) {
      if (when) namespacesOf(when, into)
      namespacesIn(inner, into)
    }
  }
}

function namespacesOf(of: Expression, into: Set<TemplateNamespace>): void {
  if (of.kind === 'root') into.add(of.namespace)
  for (const part of partsOf(of)) if (part) namespacesOf(part, into)
}

function partsOf(of: Expression): readonly (Expression | null)[] {
  switch (of.kind) {
    case 'literal':
    case 'root':
      return []
    case 'list':
      return of.items
    case 'call':
      return of.args
    case 'key':
      return [of.of, of.key]
    case 'unary':
      return [of.of]
    case 'binary':
      return [of.left, of.right]
    case 'choice':
      return [of.when, of.chosen, of.otherwise]
  }
}
