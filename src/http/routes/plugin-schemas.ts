import { z } from 'zod'
import type { Plugin } from '../../domain/plugins/plugin.ts'
import { archiveUrl, featureUriOfPlugin } from '../../domain/plugins/plugin-answer.ts'

export const inNamespace = z.object({ namespace_id: z.string().min(1) })
export const ofPlugin = inNamespace.extend({ plugin_id: z.string().min(1) })

export const force = z.object({ force: z.stringbool().default(false) })

/** What is documented of a multipart upload; its parts are read as they come. */
export const uploadForm = z.object({
  file: z.string().meta({ format: 'binary', description: 'The archive, .zip or .tar.gz.' }),
  name: z.string(),
  version: z.string(),
  description: z.string().optional(),
})

export const uploadAnswer = z.object({
  success: z.boolean(),
  plugin_id: z.string(),
  validation_status: z.enum(['passed', 'failed']),
  validation_errors: z.array(z.string()),
  warnings: z.array(z.string()),
  deployment_status: z.enum(['deployed', 'pending', 'failed', 'not_deployed']),
  feature_uri: z.string(),
  s3_archive_url: z.string(),
  message: z.string(),
})

export const presignedAnswer = z.object({
  upload_id: z.string(),
  presigned_url: z.string(),
  s3_key: z.string(),
  expires_at: z.iso.datetime(),
  name: z.string(),
  version: z.string(),
})

export const confirmAnswer = uploadAnswer.extend({ upload_id: z.string() })

/** What an upload came to, passed or not (contract 10.3); deploying is a step of its own. */
export function uploadedAnswer(plugin: Plugin, deployPath: string): z.infer<typeof uploadAnswer> {
  const hasPassed = plugin.validationStatus === 'passed'
  const errors = plugin.validationErrors
  return {
    success: hasPassed,
    plugin_id: plugin.pluginId,
    validation_status: plugin.validationStatus,
    validation_errors: errors,
    warnings: plugin.warnings,
    deployment_status: hasPassed ? 'pending' : 'not_deployed',
    feature_uri: featureUriOfPlugin(plugin),
    s3_archive_url: archiveUrl(plugin),
    message: hasPassed
      ? `Plugin ${plugin.pluginId} has passed validation. POST ${deployPath} makes it run.`
      : `Plugin ${plugin.pluginId} has not passed: ${errors.join('; ')} Upload it again under the same name and version once that is mended.`,
  }
}
