import { invalid } from '../failure.ts'
import type { FilterLimits } from './filter-limits.ts'
import type { Operator } from './filter.ts'
import { isInstant } from './instant.ts'
import { compileRegex } from './regex.ts'
import { regexSize } from './regex-size.ts'
import { kindOf } from './value-kind.ts'

type Location = (string | number)[]
type Check = (value: unknown, at: Location, limits: FilterLimits) => void

/** Throws `request_invalid` where the operator cannot take the value (contract 5.2). */
export function checkValue(
  operator: Operator,
  value: unknown,
  at: Location,
  limits: FilterLimits,
): void {
  checks[operator](value, at, limits)
}

const checks: Readonly<Record<Operator, Check>> = {
  eq: checkScalar,
  ne: checkScalar,
  gt: checkBound,
  gte: checkBound,
  lt: checkBound,
  lte: checkBound,
  in: checkList,
  nin: checkList,
  contains: checkScalar,
  starts_with: checkText,
  ends_with: checkText,
  regex: checkRegex,
  exists: checkFlag,
  is_null: checkFlag,
  text: checkText,
  phrase: checkText,
  geo_radius: checkCircle,
  geo_bounding_box: checkBox,
  geo_polygon: checkPolygon,
}

function checkScalar(value: unknown, at: Location): void {
  if (typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  const hint =
    value === null
      ? 'For null there is the operator is_null.'
      : Array.isArray(value)
        ? 'For a list of values there are the operators in and nin.'
        : undefined
  throw invalid(at, `is a string, number or boolean; this is ${kindOf(value)}`, 'wrong_type', hint)
}

function checkBound(value: unknown, at: Location): void {
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (typeof value === 'string' && isInstant(value)) return
  throw invalid(
    at,
    `is a number or a date such as 2024-01-31T10:00:00Z; this is ${kindOf(value)}`,
    'wrong_type',
  )
}

function checkList(value: unknown, at: Location, { valuesMax }: FilterLimits): void {
  if (!Array.isArray(value)) {
    throw invalid(at, `is a list of values; this is ${kindOf(value)}`, 'wrong_type')
  }
  if (value.length > valuesMax) throw invalid(at, `has more than ${valuesMax} values`, 'too_many')
  value.forEach((each: unknown, i) => checkScalar(each, [...at, i]))
}

function checkText(value: unknown, at: Location): void {
  if (typeof value === 'string') return
  throw invalid(at, `is a string; this is ${kindOf(value)}`, 'wrong_type')
}

function checkRegex(value: unknown, at: Location, limits: FilterLimits): void {
  if (typeof value !== 'string') return checkText(value, at)
  const { regexLengthMax, regexSizeMax } = limits
  if (value.length > regexLengthMax) {
    const message = `is a pattern of ${value.length} characters; at most ${regexLengthMax} are taken (NACRE_FILTER_REGEX_LENGTH_MAX)`
    throw invalid(at, message, 'too_long')
  }
  if (regexSize(value) > regexSizeMax) throw tooLarge(at, `about ${regexSize(value)}`, regexSizeMax)
  const regex = compileRegex(value, true)
  if (typeof regex === 'string') {
    const hint = 'Patterns are RE2’s: without look-around and back-references.'
    throw invalid(at, `is no regular expression: ${regex}`, 'invalid', hint)
  }
  if (regex.size > regexSizeMax) throw tooLarge(at, String(regex.size), regexSizeMax)
}

function tooLarge(at: Location, size: string, sizeMax: number): Error {
  const message = `is a pattern of ${size} instructions; at most ${sizeMax} are taken (NACRE_FILTER_REGEX_SIZE_MAX)`
  const hint = 'Counted repetitions, as in a{1000}, are what is large.'
  return invalid(at, message, 'too_long', hint)
}

function checkFlag(value: unknown, at: Location): void {
  if (typeof value === 'boolean') return
  throw invalid(at, `is true or false; this is ${kindOf(value)}`, 'wrong_type')
}

function checkCircle(value: unknown, at: Location): void {
  checkPoint(property(value, 'center'), [...at, 'center'])
  const radius = property(value, 'radius')
  if (typeof radius === 'number' && Number.isFinite(radius) && radius >= 0) return
  throw invalid([...at, 'radius'], `is a length in metres; this is ${kindOf(radius)}`, 'wrong_type')
}

function checkBox(value: unknown, at: Location): void {
  for (const corner of ['top_left', 'bottom_right']) {
    checkPoint(property(value, corner), [...at, corner])
  }
  const [top, bottom] = [
    latitudeOf(property(value, 'top_left')),
    latitudeOf(property(value, 'bottom_right')),
  ]
  if (top >= bottom) return
  throw invalid([...at, 'top_left', 'lat'], `lies below bottom_right.lat, ${bottom}`, 'invalid')
}

function latitudeOf(point: unknown): number {
  const lat = property(point, 'lat')
  return typeof lat === 'number' ? lat : Number.NaN
}

const ringPointsMax = 10_000

function checkPolygon(value: unknown, at: Location): void {
  checkRing(property(value, 'exterior'), [...at, 'exterior'])
  const interiors = property(value, 'interiors') ?? []
  if (!Array.isArray(interiors)) {
    throw invalid(
      [...at, 'interiors'],
      `is a list of rings; this is ${kindOf(interiors)}`,
      'wrong_type',
    )
  }
  interiors.forEach((ring: unknown, i) => checkRing(ring, [...at, 'interiors', i]))
}

function checkRing(value: unknown, at: Location): void {
  const points = property(value, 'points')
  const place = [...at, 'points']
  if (!Array.isArray(points) || points.length < 4 || points.length > ringPointsMax) {
    const given = Array.isArray(points) ? `a list of ${points.length}` : kindOf(points)
    throw invalid(
      place,
      `is a list of 4 to ${ringPointsMax} points, the last equal to the first; this is ${given}`,
      'wrong_type',
    )
  }
  points.forEach((point: unknown, i) => checkPoint(point, [...place, i]))
  const [first, last]: unknown[] = [points[0], points.at(-1)]
  if (
    property(first, 'lon') === property(last, 'lon') &&
    property(first, 'lat') === property(last, 'lat')
  )
    return
  throw invalid(place, 'does not end where it begins', 'invalid')
}

function checkPoint(value: unknown, at: Location): void {
  checkCoordinate(property(value, 'lon'), [...at, 'lon'], 180)
  checkCoordinate(property(value, 'lat'), [...at, 'lat'], 90)
}

function checkCoordinate(value: unknown, at: Location, max: number): void {
  if (typeof value === 'number' && Math.abs(value) <= max) return
  throw invalid(
    at,
    `is a number of degrees from -${max} to ${max}; this is ${kindOf(value)}`,
    'wrong_type',
  )
}

function property(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key]
}
