import { invalid } from './failure.ts'

export interface NameRules {
  /** `bkt`: names that look like ids are refused, for ids win over names (design 6). */
  idPrefix: string
  /** Path segments that shadow identifiers (contract 1.1). */
  reserved: readonly string[]
  lengthMin?: number
  lengthMax?: number
}

/** The name as given. Throws `request_invalid` at `location` where it could not be addressed or shown. */
export function resourceName(
  name: unknown,
  location: (string | number)[],
  rules: NameRules,
): string {
  const { idPrefix, reserved, lengthMin = 1, lengthMax = 100 } = rules
  if (name === undefined || name === null) {
    throw invalid(location, 'is missing; it must be a string', 'missing')
  }
  if (typeof name !== 'string') throw invalid(location, 'must be a string', 'wrong_type')
  if (name.length < lengthMin || name.length > lengthMax) {
    const wanted = `it must have ${lengthMin} to ${lengthMax} characters`
    throw invalid(location, `has ${name.length} characters; ${wanted}`, 'out_of_range')
  }
  if (/^\s|\s$|\p{Cc}/u.test(name)) {
    throw invalid(location, 'must not begin or end with a space, nor contain control characters')
  }
  if (reserved.includes(name)) {
    throw invalid(
      location,
      `'${name}' is a word of the API's paths; choose another name`,
      'reserved',
    )
  }
  if (name.startsWith(`${idPrefix}_`)) {
    throw invalid(location, `must not begin with '${idPrefix}_', as ids do`, 'reserved')
  }
  return name
}
