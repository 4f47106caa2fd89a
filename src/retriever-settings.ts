import { setting, whole } from './setting.ts'

/** Limits of retrievers. */
export const retrieverSettings = {
  templateStepsMax: setting(
    'NACRE_TEMPLATE_STEPS_MAX',
    'What filling in the templates of one stage may take: values looked at, and 16 letters of text made; 422 beyond.',
    whole(100, 100_000_000, 200_000),
  ),
}
