import { fail } from '../../domain/failure.ts'
import { featureUriOf } from '../../domain/extractors/feature-uri.ts'
import { pluginIdOf } from '../../domain/plugins/plugin-id.ts'
import type { PluginManifest, ScanViolation } from '../../ports/plugin-host.ts'
import type { CommandCall } from '../command.ts'
import { tableLines } from '../table.ts'
import { openPlugin, type OpenPlugin } from './open-plugin.ts'

/** What the server would say of the folder on its upload. */
interface Verdict {
  manifest: PluginManifest | null
  violations: readonly ScanViolation[]
  errors: readonly string[]
  warnings: readonly string[]
}

/** `nacre plugin check`: the server's own checks, here. Throws `plugin_failed` where it would refuse the plugin. */
export async function checkPlugin(call: CommandCall, folder?: string): Promise<void> {
  await using plugin = await openPlugin(call, folder)
  const verdict = await judge(plugin)
  const { manifest, errors, warnings, violations } = verdict
  if (call.isJson) call.print(JSON.stringify(verdict))
  else for (const line of report(plugin, verdict, await walls(plugin))) call.print(line)
  if (errors.length === 0) return
  const pluginId = manifest ? pluginIdOf(manifest.name, manifest.version) : plugin.folder
  const of = violations.length > 0 ? ', the scan among them' : ''
  const count = `${counted(errors.length, 'error')}${of}, ${counted(warnings.length, 'warning')}`
  throw fail('plugin_failed', { pluginId, reason: `${count}; the server would refuse it.` })
}

/** Runs the plugin only where reading it found nothing wrong, as the server does (plugin-contract 8). */
async function judge({ inspection, host, codeOf }: OpenPlugin): Promise<Verdict> {
  const { manifest, violations } = inspection
  const scan = violations.map(({ severity, ...at }) => ({ severity, text: violationText(at) }))
  const errors = unique([...inspection.errors, ...textsOf(scan, 'error')])
  const warnings = unique([...inspection.warnings, ...textsOf(scan, 'warning')])
  if (manifest === null || errors.length > 0) return { manifest, violations, errors, warnings }
  const check = await host.check(codeOf(manifest))
  return {
    manifest: check.manifest ?? manifest,
    violations,
    errors: [...check.errors],
    warnings: unique([...warnings, ...check.warnings]),
  }
}

function* report(
  { folder, packed }: OpenPlugin,
  { manifest, errors, warnings }: Verdict,
  isolation: string,
): Generator<string> {
  if (manifest) yield* aboutManifest(manifest)
  yield `  ${folder}: ${counted(packed.files.length, 'file')}, ${packed.sizeBytes} bytes packed; ${isolation}`
  for (const error of errors) yield `✗ ${error}`
  for (const warning of warnings) yield `! ${warning}`
  if (errors.length === 0) yield '✓ The server takes it as it is.'
}

function* aboutManifest(manifest: PluginManifest): Generator<string> {
  const { name, version, description, features, hasRealtime } = manifest
  yield `${name} ${version}${description === '' ? '' : `: ${description}`}`
  yield* tableLines(
    features.map((feature) => [
      '  vector',
      feature.name,
      feature.dimensions,
      feature.distance,
      featureUriOf(name, version, feature.name),
    ]),
  )
  yield `  queries go through ${hasRealtime ? 'realtime.py' : 'the pipeline: there is no realtime.py'}`
}

async function walls({ host }: OpenPlugin): Promise<string> {
  const { tier, python, reasons } = await host.describe()
  const why = reasons.length > 0 ? ` (${reasons.join('; ')})` : ''
  return `Python ${python?.version ?? 'none'}, isolation ${tier}${why}`
}

function violationText({ file, line, column, message }: Omit<ScanViolation, 'severity'>): string {
  return `${file}:${line}:${column}: ${message}`
}

function textsOf(scan: { severity: string; text: string }[], severity: string): string[] {
  return scan.filter((one) => one.severity === severity).map(({ text }) => text)
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)]
}
