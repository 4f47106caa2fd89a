import type { Ports } from '../../ports/ports.ts'
import type { PluginInspection, PluginManifest, ScanViolation } from '../../ports/plugin-host.ts'
import { fail } from '../failure.ts'
import { codeOf } from './plugin-code.ts'
import type { PluginClaim } from './plugin-request.ts'
import type { Plugin, PluginScope } from './plugin.ts'
import { vectorErrors } from './vector-conflicts.ts'

export type Validation = Pick<
  Plugin,
  'validationStatus' | 'validationErrors' | 'warnings' | 'isScanPassed' | 'manifest' | 'codeHash'
>

/**
 * Contract 8's checks in its order, each stage's errors together: archive, scan, static manifest, then the plugin
 * itself on a generated row. Throws `bad_request` for an archive that cannot be read at all: nothing of it is kept.
 */
export async function validateArchive(
  ports: Pick<Ports, 'db' | 'cache' | 'plugins'>,
  scope: PluginScope,
  claim: PluginClaim,
  archiveHash: string,
  signal?: AbortSignal,
): Promise<Validation> {
  const inspection = await ports.plugins.inspect(archiveHash, claim, signal)
  const { manifest, codeHash } = inspection
  if (codeHash === null) throw unreadable(inspection.errors)
  const read = { ...readResult(inspection), codeHash }
  if (read.validationErrors.length > 0 || manifest === null) return read

  const validationErrors = await vectorErrors(ports, scope, claim, manifest.features)
  if (validationErrors.length > 0) return { ...read, validationStatus: 'failed', validationErrors }
  return await checked(ports, scope, claim, archiveHash, { ...read, manifest }, signal)
}

/** What runs nothing of it. */
function readResult(inspection: PluginInspection): Omit<Validation, 'codeHash'> {
  const { manifest, violations, errors, warnings } = inspection
  const refused = violations.filter(({ severity }) => severity === 'error')
  const validationErrors = [...refused.map(lineOf), ...errors]
  const told = violations.filter(({ severity }) => severity === 'warning').map(lineOf)
  const isReadable = manifest !== null && validationErrors.length === 0
  return {
    validationStatus: isReadable ? 'passed' : 'failed',
    validationErrors,
    warnings: [...told, ...warnings],
    isScanPassed: refused.length === 0,
    manifest,
  }
}

async function checked(
  { plugins }: Pick<Ports, 'plugins'>,
  { organizationId, namespaceId }: PluginScope,
  claim: PluginClaim,
  archiveHash: string,
  read: Validation & { manifest: PluginManifest },
  signal?: AbortSignal,
): Promise<Validation> {
  const owner = namespaceId ?? organizationId
  const code = codeOf(claim.pluginId, owner, archiveHash, read.manifest)
  const { manifest, errors, warnings } = await plugins.check(code, signal)
  // Running it may give another name than the one that stands there, or the first at all.
  const validationErrors = [...errors, ...(manifest === null ? [] : claimErrors(claim, manifest))]
  return {
    ...read,
    validationStatus: validationErrors.length === 0 ? 'passed' : 'failed',
    validationErrors,
    warnings: [...new Set([...read.warnings, ...warnings])],
    manifest: manifest ?? read.manifest,
  }
}

/** Upload name and version must be the manifest's (plugin-contract 8). */
function claimErrors(claim: PluginClaim, { name, version }: PluginManifest): string[] {
  return [
    ...(name === claim.name
      ? []
      : [`feature_extractor_name '${name}' differs from the uploaded name '${claim.name}'`]),
    ...(version === claim.version
      ? []
      : [`version ${version} differs from the uploaded version ${claim.version}`]),
  ]
}

/** `core.py:1:0: Forbidden import: subprocess` (plugin-contract 6). */
function lineOf({ file, line, column, message }: ScanViolation): string {
  return `${file}:${line}:${column}: ${message}`
}

function unreadable(errors: readonly string[]) {
  return fail('bad_request', {
    reason: `This archive is not a plugin: ${errors.join('; ') || 'it cannot be read'}`,
    hint: 'Send a .zip or .tar.gz with manifest.py and pipeline.py at its root or in one folder.',
    details: { validation_errors: [...errors] },
  })
}
