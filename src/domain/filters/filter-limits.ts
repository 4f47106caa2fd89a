/** Bounds of one filter, each a setting: NACRE_FILTER_DEPTH_MAX and so on. */
export interface FilterLimits {
  depthMax: number
  leavesMax: number
  /** Values in one `in` or `nin`. */
  valuesMax: number
  regexesMax: number
  /** Characters of one pattern. */
  regexLengthMax: number
  /** Instructions of one pattern's program. */
  regexSizeMax: number
  /** Characters of one text times instructions. */
  regexStepsMax: number
}

/** Those of the settings where nobody has set them. */
export const defaultFilterLimits: FilterLimits = {
  depthMax: 10,
  leavesMax: 512,
  valuesMax: 10_000,
  regexesMax: 16,
  regexLengthMax: 512,
  regexSizeMax: 2_000,
  regexStepsMax: 10_000_000,
}

/** What the bounds need of the settings. */
export interface FilterConfig {
  filterDepthMax: number
  filterLeavesMax: number
  filterValuesMax: number
  filterRegexesMax: number
  filterRegexLengthMax: number
  filterRegexSizeMax: number
  filterRegexStepsMax: number
}

/** The bounds that the settings give. */
export function filterLimits(config: FilterConfig): FilterLimits {
  return {
    depthMax: config.filterDepthMax,
    leavesMax: config.filterLeavesMax,
    valuesMax: config.filterValuesMax,
    regexesMax: config.filterRegexesMax,
    regexLengthMax: config.filterRegexLengthMax,
    regexSizeMax: config.filterRegexSizeMax,
    regexStepsMax: config.filterRegexStepsMax,
  }
}
