import { setting, whole } from './setting.ts'

/** Bounds of one filter (domain/filters/filter-limits.ts): a part of the table in config.ts. */
export const filterSettings = {
  filterDepthMax: setting(
    'NACRE_FILTER_DEPTH_MAX',
    'Deepest nesting of a filter.',
    whole(1, 100, 10),
  ),
  filterLeavesMax: setting(
    'NACRE_FILTER_LEAVES_MAX',
    'Conditions in one filter.',
    whole(1, 10_000, 512),
  ),
  filterValuesMax: setting(
    'NACRE_FILTER_VALUES_MAX',
    'Values in one in or nin of a filter.',
    whole(1, 1_000_000, 10_000),
  ),
  filterRegexesMax: setting(
    'NACRE_FILTER_REGEXES_MAX',
    'Conditions with regex in one filter; 0 refuses them.',
    whole(0, 1_000, 16),
  ),
  filterRegexLengthMax: setting(
    'NACRE_FILTER_REGEX_LENGTH_MAX',
    'Characters of one regex.',
    whole(1, 10_000, 512),
  ),
  filterRegexSizeMax: setting(
    'NACRE_FILTER_REGEX_SIZE_MAX',
    'Instructions of the program that one regex becomes.',
    whole(10, 100_000, 2_000),
  ),
  filterRegexStepsMax: setting(
    'NACRE_FILTER_REGEX_STEPS_MAX',
    'Characters of one text times instructions of the regex that looks through it; 400 beyond.',
    whole(1_000, 10_000_000_000, 10_000_000),
  ),
} as const
