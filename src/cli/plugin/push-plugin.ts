import { openAsBlob } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../../domain/failure.ts'
import { pluginIdOf } from '../../domain/plugins/plugin-id.ts'
import type { PluginManifest } from '../../ports/plugin-host.ts'
import type { CommandCall } from '../command.ts'
import { namespaceOf } from '../namespace-of.ts'
import { reachServer, ServerRefused, type ServerClient } from '../reach-server.ts'
import { openPlugin, type OpenPlugin } from './open-plugin.ts'

/** `nacre plugin push`: upload, the server's checks, deploy, and what is left to do. Again, it changes nothing. */
export async function pushPlugin(call: CommandCall, folder?: string): Promise<void> {
  const server = await reachServer(call)
  const namespace = await namespaceOf(server, call.flags['namespace'])
  await using plugin = await openPlugin(call, folder)
  const at = pathOf(namespace.id)
  const pushed = await uploadPlugin(server, at, plugin)
  if (!call.isJson) tellUpload(call, pushed, namespace.name)
  if (pushed.validation_status !== 'passed') {
    const reason = 'the server refused it; its reasons stand above.'
    throw fail('plugin_failed', { pluginId: pushed.plugin_id, reason })
  }
  const isWanted = call.flags['deploy'] !== false
  const status = isWanted ? await deployPlugin(server, at, pushed.plugin_id, call.signal) : null
  if (call.isJson) return call.print(JSON.stringify({ ...pushed, deployment: status }))
  if (status) tellStatus(call, status, namespace.name)
}

/** The plugins of a namespace. */
export function pathOf(namespaceId: string): string {
  return `/v1/namespaces/${encodeURIComponent(namespaceId)}/plugins`
}

/** What an upload came to; `isKnown`: the same files were there already. */
export interface Pushed {
  plugin_id: string
  validation_status: string
  validation_errors: string[]
  warnings: string[]
  feature_uri?: string
  isKnown: boolean
}

/** Presigned, as the contract has it: a server elsewhere takes large archives without a key (contract 10.3). */
export async function uploadPlugin(
  server: ServerClient,
  at: string,
  plugin: OpenPlugin,
): Promise<Pushed> {
  const manifest = readable(plugin)
  const { name, version, description } = manifest
  const size = plugin.packed.sizeBytes
  const claim = { name, version, description: description.slice(0, 500), file_size_bytes: size }
  const ticket = await server
    .call<{ upload_id: string; presigned_url: string }>('POST', `${at}/uploads`, claim)
    .catch((error: unknown) => knownPlugin(server, at, plugin, manifest, error))
  if ('plugin_id' in ticket) return ticket
  const response = await fetch(ticket.presigned_url, {
    method: 'PUT',
    headers: { 'content-type': 'application/gzip' },
    body: await openAsBlob(plugin.packed.path),
  })
  if (!response.ok) {
    const reason = `The upload was answered with ${response.status}: ${await response.text()}`
    throw fail('bad_request', { reason })
  }
  const confirmed = await server.call<Omit<Pushed, 'isKnown'>>(
    'POST',
    `${at}/uploads/${ticket.upload_id}/confirm`,
    { etag: response.headers.get('etag'), file_size_bytes: size },
  )
  return { ...confirmed, isKnown: false }
}

function readable({ inspection: { manifest, errors }, folder }: OpenPlugin): PluginManifest {
  if (manifest !== null) return manifest
  const reason = `${errors[0] ?? 'it cannot be read'}; nacre plugin check says the rest`
  throw fail('plugin_failed', { pluginId: folder, reason })
}

/** The plugin of that name and version where it has these very files; else the server's 409, with what to do. */
async function knownPlugin(
  server: ServerClient,
  at: string,
  { inspection }: OpenPlugin,
  { name, version }: PluginManifest,
  error: unknown,
): Promise<Pushed> {
  if (!(error instanceof ServerRefused) || error.status !== 409) throw error
  const id = pluginIdOf(name, version)
  const { plugin } = await server.call<{ plugin: Omit<Pushed, 'isKnown'> & { code_hash: string } }>(
    'GET',
    `${at}/${id}`,
  )
  if (plugin.code_hash === inspection.codeHash) return { ...plugin, isKnown: true }
  const next = version.replace(/\d+$/, (patch) => `${Number(patch) + 1}`)
  const reason = `${id} is on the server with other files.`
  throw fail('conflict', { reason, hint: `Give it the next version in manifest.py: ${next}.` })
}

export interface DeployedStatus {
  status: string
  message: string
  error: string | null
  schema: { missing_vectors: string[]; changed_vectors: string[] }
  isolation: { tier: string }
}

const pollMs = 200

/** Waits for its end, well or not. */
export async function deployPlugin(
  server: ServerClient,
  at: string,
  pluginId: string,
  signal: AbortSignal,
): Promise<DeployedStatus> {
  await server.call('POST', `${at}/${pluginId}/deploy`)
  for (;;) {
    const status = await server.call<DeployedStatus>('GET', `${at}/${pluginId}/status`)
    if (['deployed', 'failed', 'not_deployed'].includes(status.status)) return status
    await sleep(pollMs, undefined, { signal })
  }
}

function tellUpload({ print }: CommandCall, pushed: Pushed, namespace: string): void {
  const { plugin_id: id, validation_status: status, feature_uri: uri, isKnown } = pushed
  print(
    isKnown
      ? `${id} is in '${namespace}' already, with these files: validation ${status}.`
      : `${id} is uploaded to '${namespace}': validation ${status}.`,
  )
  for (const warning of pushed.warnings) print(`! ${warning}`)
  for (const error of pushed.validation_errors) print(`✗ ${error}`)
  if (uri !== undefined) print(`  ${uri}`)
}

function tellStatus({ print }: CommandCall, status: DeployedStatus, namespace: string): void {
  const { schema, message, error } = status
  if (status.status !== 'deployed') throw fail('bad_request', { reason: error ?? message })
  print(`✓ It is deployed and an extractor of '${namespace}'.`)
  const { missing_vectors: missing, changed_vectors: changed } = schema
  if (missing.length > 0) print(`! The namespace lacks ${missing.join(', ')}.`)
  if (changed.length > 0) print(`! The namespace defines ${changed.join(', ')} otherwise.`)
  if (missing.length + changed.length === 0) return
  // A vector that is there with another definition cannot be changed in place.
  print(`  → nacre reconfigure ${namespace} --dry-run${changed.length > 0 ? '' : ' --online'}`)
}
