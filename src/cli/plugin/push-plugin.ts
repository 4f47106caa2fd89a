import { openAsBlob } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../../domain/failure.ts'
import { namespaceOf } from '../namespace-of.ts'
import { reachServer, type ServerClient } from '../reach-server.ts'
import type { CommandCall } from '../command.ts'
import { openPlugin, type OpenPlugin } from './open-plugin.ts'

/** `nacre plugin push`: upload, the server's checks, deploy, and what is left to do. */
export async function pushPlugin(call: CommandCall, folder?: string): Promise<void> {
  const server = await reachServer(call)
  const namespace = await namespaceOf(server, call.flags['namespace'])
  await using plugin = await openPlugin(call, folder)
  const at = `/v1/namespaces/${encodeURIComponent(namespace.id)}/plugins`
  const confirmed = await upload(server, at, plugin)
  if (!call.isJson) tellUpload(call, confirmed, namespace.name)
  if (confirmed.validation_status !== 'passed') throw refusedBy(confirmed, plugin.folder)
  const isDeployed = call.flags['deploy'] !== false
  const status = isDeployed ? await deploy(server, `${at}/${confirmed.plugin_id}`, call) : null
  if (call.isJson) return call.print(JSON.stringify({ ...confirmed, deployment: status }))
  if (status) tellStatus(call, status, namespace.name)
}

interface Confirmed {
  plugin_id: string
  validation_status: string
  validation_errors?: string[]
  warnings?: string[]
  feature_uri?: string
}

/** Presigned, as the contract has it: a server elsewhere takes large archives without a key (contract 10.3). */
async function upload(server: ServerClient, at: string, plugin: OpenPlugin): Promise<Confirmed> {
  const { manifest, errors } = plugin.inspection
  if (manifest === null) {
    const reason = `${errors[0] ?? 'it cannot be read'}; nacre plugin check says the rest`
    throw fail('plugin_failed', { pluginId: plugin.folder, reason })
  }
  const { name, version, description } = manifest
  const size = plugin.packed.sizeBytes
  const ticket = await server.call<{ upload_id: string; presigned_url: string }>(
    'POST',
    `${at}/uploads`,
    { name, version, description: description.slice(0, 500), file_size_bytes: size },
  )
  const response = await fetch(ticket.presigned_url, {
    method: 'PUT',
    headers: { 'content-type': 'application/gzip' },
    body: await openAsBlob(plugin.packed.path),
  })
  if (!response.ok) {
    const reason = `The upload was answered with ${response.status}: ${await response.text()}`
    throw fail('bad_request', { reason })
  }
  return await server.call('POST', `${at}/uploads/${ticket.upload_id}/confirm`, {
    etag: response.headers.get('etag'),
    file_size_bytes: size,
  })
}

interface Status {
  status: string
  message?: string
  error?: string | null
}

const pollMs = 200

async function deploy(server: ServerClient, at: string, { signal }: CommandCall): Promise<Status> {
  await server.call('POST', `${at}/deploy`)
  for (;;) {
    const status = await server.call<Status>('GET', `${at}/status`)
    if (['deployed', 'failed', 'not_deployed'].includes(status.status.toLowerCase())) return status
    await sleep(pollMs, undefined, { signal })
  }
}

function tellUpload({ print }: CommandCall, confirmed: Confirmed, namespace: string): void {
  const { plugin_id: id, validation_status: status, feature_uri: uri } = confirmed
  print(`${id} is uploaded to '${namespace}': validation ${status}.`)
  for (const warning of confirmed.warnings ?? []) print(`! ${warning}`)
  for (const error of confirmed.validation_errors ?? []) print(`✗ ${error}`)
  if (uri !== undefined) print(`  ${uri}`)
}

function tellStatus({ print }: CommandCall, status: Status, namespace: string): void {
  if (status.status.toLowerCase() !== 'deployed') {
    throw fail('bad_request', {
      reason: status.error ?? status.message ?? `It is ${status.status}.`,
    })
  }
  print(`✓ deployed. ${status.message ?? ''}`.trimEnd())
  if (/reconfigure/.test(status.message ?? '')) print(`  nacre reconfigure ${namespace} --dry-run`)
}

function refusedBy(
  { plugin_id: pluginId, validation_errors: errors = [] }: Confirmed,
  folder: string,
) {
  const reason = `the server refused it: ${errors[0] ?? 'it says no reason'}`
  return fail('plugin_failed', { pluginId: pluginId ?? folder, reason })
}
