import type { PluginCode, PluginManifest } from '../../ports/plugin-host.ts'
import { fail } from '../failure.ts'
import type { Plugin } from './plugin.ts'

/** What the host needs to run it in this namespace. Throws `bad_request` for one that has not passed validation. */
export function pluginCode(plugin: Plugin, namespaceId: string): PluginCode {
  const manifest = passedManifest(plugin)
  return codeOf(plugin.pluginId, namespaceId, plugin.archiveHash, manifest)
}

/** The same from its parts, for an archive that no row names yet. */
export function codeOf(
  pluginId: string,
  namespaceId: string,
  archiveHash: string,
  manifest: PluginManifest,
): PluginCode {
  const { features, profile, dependencies, positionFields } = manifest
  return { pluginId, namespaceId, archiveHash, features, profile, dependencies, positionFields }
}

/** Throws `bad_request` for a plugin that has not passed validation, with its errors (contract 10.3). */
export function passedManifest(plugin: Plugin): PluginManifest {
  const { manifest, pluginId, validationErrors } = plugin
  if (manifest && plugin.validationStatus === 'passed') return manifest
  throw fail('bad_request', {
    reason: `Plugin ${pluginId} has not passed validation: ${validationErrors.join('; ')}`,
    hint: 'Upload a corrected archive under the same name and version; it replaces this one.',
    details: { validation_errors: validationErrors },
  })
}
