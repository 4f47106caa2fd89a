import { setting, whole } from './setting.ts'

/** Limits of retrievers. */
export const retrieverSettings = {
  templateStepsMax: setting(
    'NACRE_TEMPLATE_STEPS_MAX',
    'What filling in the templates of one stage may take: values looked at, and 16 letters of text made; 422 beyond.',
    whole(100, 100_000_000, 200_000),
  ),
  contentDuplicatesMax: setting(
    'NACRE_CONTENT_DUPLICATES_MAX',
    'Documents that a deduplicate stage compares by content, each with each; 400 beyond.',
    whole(10, 100_000, 2_000),
  ),
  aggregateValuesMax: setting(
    'NACRE_AGGREGATE_VALUES_MAX',
    'Groups and collected values that one aggregation, of a stage or of its own, holds in memory; 400 beyond.',
    whole(100, 100_000_000, 1_000_000),
  ),
}
