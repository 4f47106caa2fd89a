import { invalid } from '../failure.ts'
import { suggestion } from '../nearest-name.ts'
import { isRecord } from '../parse-parameters.ts'
import type { StageConfig } from './retriever.ts'
import type { Location, Stage } from './stage.ts'
import { findStage, stageIds } from './stages.ts'

type Given = Record<string, unknown>

/** A pipeline longer than this is a mistake. */
const stagesMax = 50
/** Keys of a stage that are not parameters, in any dialect. */
const envelopeKeys = new Set([
  'stage_name',
  'stage_type',
  'stage_id',
  'type',
  'name',
  'version',
  'config',
  'parameters',
  'params',
  'pre_filters',
  'post_filters',
  'batch_size',
  'description',
])

/**
 * Stages in the four dialects of contract 17.1 → the canonical one, which is what is stored and answered. Throws
 * `request_invalid` for a stage that does not run here, naming those that do.
 */
export function normaliseStages(given: unknown, location: Location): StageConfig[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw invalid(
      [...location],
      'must be a list of at least one stage',
      given === undefined ? 'missing' : 'wrong_type',
    )
  }
  if (given.length > stagesMax)
    throw invalid([...location], `has more than ${stagesMax} stages`, 'too_many')
  const names = new Set<string>()
  return given.map((one: unknown, i) => {
    const config = normaliseStage(one, [...location, i])
    const name = unusedName(config.stage_name, names)
    names.add(name)
    return { ...config, stage_name: name }
  })
}

function normaliseStage(given: unknown, location: Location): StageConfig {
  if (!isRecord(given))
    throw invalid([...location], 'must be an object with stage_id and parameters', 'wrong_type')
  const inner = isRecord(given['config']) ? given['config'] : {}
  const at = given['config'] === undefined ? location : [...location, 'config']
  const stage = stageOf(given, inner, location)
  const parameters = parametersOf(given, inner, at)
  const preFilters = inner['pre_filters'] ?? given['pre_filters']
  const postFilters = inner['post_filters'] ?? given['post_filters']
  return {
    stage_name:
      text(given['stage_name'] ?? given['name'], [...location, 'stage_name']) ?? stage.stageId,
    stage_type: stage.category,
    config: {
      stage_id: stage.stageId,
      parameters: canonicalNames(
        stage,
        stage.normalise?.(parameters, [...at, 'parameters']) ?? parameters,
      ),
      ...(isPresent(preFilters) && { pre_filters: preFilters }),
      ...(isPresent(postFilters) && { post_filters: postFilters }),
    },
    ...(isPresent(given['batch_size']) && {
      batch_size: String(given['batch_size'] as string | number),
    }),
    ...(typeof given['description'] === 'string' && { description: given['description'] }),
  }
}

/** Where the dialects say which stage is meant; the first word that is one wins. */
function stageOf(given: Given, inner: Given, location: Location): Stage {
  const words: [unknown, Location][] = [
    [inner['stage_id'], [...location, 'config', 'stage_id']],
    [given['stage_id'], [...location, 'stage_id']],
    [given['type'], [...location, 'type']],
    [inner['stage_name'], [...location, 'config', 'stage_name']],
    [given['stage_type'], [...location, 'stage_type']],
    [given['stage_name'], [...location, 'stage_name']],
  ]
  const told = words.filter(([word]) => typeof word === 'string' && word !== '')
  for (const [word] of told) {
    const stage = findStage(String(word))
    if (stage) return stage
  }
  const [word, at] = told[0] ?? ['', [...location, 'stage_id']]
  const what =
    told.length === 0
      ? 'is missing'
      : `'${String(word)}' is no stage that runs here${suggestion(String(word), stageIds)}`
  throw invalid(
    [...at],
    `${what}; there are ${stageIds.join(', ')}`,
    told.length === 0 ? 'missing' : 'unknown_stage',
  )
}

/** Beside the stage's name, in `parameters`, or in `config` itself. */
function parametersOf(given: Given, inner: Given, location: Location): Given {
  const named = inner['parameters'] ?? inner['params'] ?? given['parameters'] ?? given['params']
  const loose = Object.entries({ ...given, ...inner }).filter(([key]) => !envelopeKeys.has(key))
  if (named === undefined || named === null) return Object.fromEntries(loose)
  if (!isRecord(named))
    throw invalid([...location, 'parameters'], 'must be an object', 'wrong_type')
  const [first] = loose
  if (!first) return named
  throw invalid(
    [...location, first[0]],
    'stands beside parameters; put it into them',
    'unknown_field',
  )
}

/** Where a parameter stands under both of its names, both stay, for the parser to refuse. */
function canonicalNames({ aliases }: Stage, parameters: Given): Given {
  const named = Object.entries(parameters).map(([key, value]) => {
    const name = Object.hasOwn(aliases, key) ? (aliases[key] ?? key) : key
    return [Object.hasOwn(parameters, name) ? key : name, value]
  })
  return Object.fromEntries(named)
}

/** Statistics are keyed by name: two stages of one name are told apart. */
function unusedName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name
  let number = 2
  while (taken.has(`${name}_${number}`)) number += 1
  return `${name}_${number}`
}

function text(value: unknown, location: Location): string | null {
  if (value === undefined || value === null || value === '') return null
  if (typeof value === 'string' && value.length <= 255) return value
  throw invalid([...location], 'must be a string of at most 255 characters', 'wrong_type')
}

/** Generated clients send the word "null" for some absent strings (contract 2.1, trap 19). */
function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== 'null'
}
