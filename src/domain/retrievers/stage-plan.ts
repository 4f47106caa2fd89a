import { isFailure } from '../failure.ts'
import { parseFilter } from '../filters/parse-filter.ts'
import { parseParameters } from '../parse-parameters.ts'
import type { StageConfig } from './retriever.ts'
import type { Location, Stage } from './stage.ts'
import { findStage } from './stages.ts'
import { compileTemplates, hasTemplate } from './template.ts'
import type { TemplateScope } from './templates/evaluate-expression.ts'
import type { TemplateNamespace } from './templates/expression.ts'

/** A stage made ready: what does not depend on the inputs is parsed once, not at each execution. */
export interface PlannedStage {
  name: string
  stage: Stage
  location: Location
  /** What its templates read. */
  namespaces: ReadonlySet<TemplateNamespace>
  /** Parameters and filters of one execution. Throws `request_invalid` where an input is missing or does not fit. */
  fill(scope: TemplateScope, stepsMax: number): FilledStage
}

export interface FilledStage {
  parameters: Record<string, unknown>
  /** In the client's words, templates filled in. */
  preFilters: unknown
  postFilters: unknown
}

/**
 * Canonical stages → stages to run. Throws `request_invalid` where any inputs would be refused: an unknown
 * parameter, a wrong value that is no template, a template that names nothing, a malformed filter.
 */
export function planStages(configs: readonly StageConfig[], location: Location): PlannedStage[] {
  return configs.map((config, i) => planStage(config, [...location, i, 'config']))
}

function planStage({ stage_name: name, config }: StageConfig, at: Location): PlannedStage {
  const stage = findStage(config.stage_id)
  if (!stage) throw new Error(`stored stage ${config.stage_id} is unknown`)
  const location = [...at, 'parameters']
  const { pre_filters: preFilters = null, post_filters: postFilters = null, parameters } = config
  const { namespaces, fill } = compileTemplates({ parameters, preFilters, postFilters }, at)
  checkFilter(preFilters, [...at, 'pre_filters'])
  checkFilter(postFilters, [...at, 'post_filters'])
  const parse = (given: unknown) => {
    const parsed = parseParameters(stage.parameters, given, location, stage.aliases)
    stage.check?.(parsed, location)
    return parsed
  }
  const planned = { name, stage, location, namespaces }
  if (!hasTemplate(config)) {
    const filled: FilledStage = { parameters: parse(parameters), preFilters, postFilters }
    return { ...planned, fill: () => filled }
  }
  checkWithTemplates(() => parse(parameters), parameters, location)
  return {
    ...planned,
    fill: (scope, stepsMax) => {
      const filled = fill(scope, stepsMax) as FilledStage
      return { ...filled, parameters: parse(filled.parameters) }
    },
  }
}

/** Dynamic values are left as they are; everything else of a filter is checked when the retriever is made. */
function checkFilter(given: unknown, location: Location): void {
  if (given === null || (hasTemplate(given) && typeof given === 'string')) return
  checkWithTemplates(() => parseFilter(given, [...location]), given, location)
}

/** Faults at a place that a template will fill are no faults yet. */
function checkWithTemplates(check: () => unknown, given: unknown, location: Location): void {
  try {
    check()
  } catch (error) {
    if (!isFailure(error, 'request_invalid')) throw error
    const real = error.detail.faults.filter(
      (fault) => !isTemplated(given, fault.location.slice(location.length)),
    )
    if (real.length > 0) throw error
  }
}

/** Whether a template stands at the path, above it, or below it. */
function isTemplated(value: unknown, path: readonly (string | number)[]): boolean {
  const [key, ...rest] = path
  if (typeof value === 'string' || key === undefined) return hasTemplate(value)
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false
  return isTemplated(Reflect.get(value, key), rest)
}
