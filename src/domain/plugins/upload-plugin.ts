import { createHash } from 'node:crypto'
import type { StoredBlob } from '../../ports/blob-store.ts'
import type { Ports } from '../../ports/ports.ts'
import {
  countOpenUploads,
  deleteOldUploads,
  insertUpload,
  readUpload,
  setUploadArchive,
  setUploadPlugin,
} from '../../store/plugin-uploads.ts'
import { readPluginRow } from '../../store/plugins.ts'
import { fail, invalid } from '../failure.ts'
import { addPlugin, refuseTaken } from './add-plugin.ts'
import { pluginIdOf } from './plugin-id.ts'
import { parseClaim, type ConfirmUpload, type NewPluginUpload } from './plugin-request.ts'
import type { Plugin, PluginScope, PluginUpload } from './plugin.ts'
import { keepArchive, storeArchive } from './store-archive.ts'

type Needs = Pick<Ports, 'db' | 'cache' | 'blobs' | 'plugins' | 'config' | 'now' | 'newId'>

const expirationSecondsDefault = 3_600

/**
 * Announces an archive that comes by a signed URL. Throws `request_invalid`, `already_exists`, and `quota_exceeded`
 * where there are too many plugins, or uploads that nobody ended.
 */
export async function beginUpload(
  ports: Needs,
  scope: PluginScope,
  request: NewPluginUpload,
): Promise<PluginUpload> {
  const { db, config } = ports
  const claim = parseClaim(request)
  const sizeBytesDeclared = request.file_size_bytes ?? null
  refuseSize(sizeBytesDeclared, config.pluginArchiveBytesMax)
  await refuseTaken(db, ports, scope, claim)
  const createdAt = ports.now()
  await deleteOldUploads(db)
  const current = await countOpenUploads(db, scope, createdAt)
  if (current >= config.pluginUploadsMax) {
    throw fail('quota_exceeded', {
      resource: 'plugin uploads under way',
      current,
      limit: config.pluginUploadsMax,
    })
  }
  const seconds = request.presigned_url_expiration ?? expirationSecondsDefault
  const { name, version, description } = claim
  const upload: PluginUpload = {
    id: ports.newId('upl'),
    ...scope,
    name,
    version,
    description,
    sizeBytesDeclared,
    archive: null,
    pluginRowId: null,
    expiresAt: new Date(createdAt.getTime() + seconds * 1000),
    createdAt,
  }
  await insertUpload(db, upload)
  return upload
}

/**
 * The bytes of an upload; its signature has been checked. The first archive that comes is the upload's: the same
 * again is fine, another is `forbidden`. Throws `not_found`, `body_too_large`, `storage_unavailable`.
 */
export async function receiveArchive(
  ports: Needs,
  uploadId: string,
  content: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<StoredBlob> {
  const upload = await readUpload(ports.db, uploadId)
  if (!upload) throw fail('not_found', { resource: 'upload', id: uploadId })
  // A URL that was used stores nothing more, however often it is sent to.
  if (upload.archive) return await sameArchive(upload.archive, content)
  const archive = await storeArchive(ports, content, signal)
  const isFirst = await ports.db.transaction().execute(async (tx) => {
    await keepArchive(ports, tx, archive.hash)
    return await setUploadArchive(tx, uploadId, archive)
  })
  if (isFirst) return archive
  const kept = await readUpload(ports.db, uploadId)
  if (kept?.archive?.hash === archive.hash) return archive
  throw usedUrl()
}

/** A client that did not hear our answer sends its archive again: read, compared, not kept. */
async function sameArchive(
  known: StoredBlob,
  content: AsyncIterable<Uint8Array>,
): Promise<StoredBlob> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of content) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > known.sizeBytes) throw usedUrl()
    hash.update(chunk)
  }
  if (hash.digest('hex') !== known.hash) throw usedUrl()
  return known
}

function usedUrl() {
  return fail('forbidden', { reason: 'This URL has been used; begin another upload.' })
}

/**
 * The archive that came becomes a plugin; confirming again answers the same one.
 * Throws `not_found` where upload or archive are missing, `bad_request` where it is too late or not what was
 * announced, and what `addPlugin` throws.
 */
export async function confirmUpload(
  ports: Needs,
  scope: PluginScope,
  uploadId: string,
  request: ConfirmUpload,
  signal?: AbortSignal,
): Promise<{ upload: PluginUpload; plugin: Plugin }> {
  const upload = await readUpload(ports.db, uploadId)
  if (!upload || !isOf(upload, scope)) {
    throw fail('not_found', { resource: 'upload', id: uploadId })
  }
  const known =
    upload.pluginRowId && (await readPluginRow(ports.db, upload.pluginRowId, scope.namespaceId))
  if (known) return { upload, plugin: known }
  const archive = archiveOf(ports, upload)
  refuseOther(archive, request)
  const { name, version, description } = upload
  const claim = { pluginId: pluginIdOf(name, version), name, version, description }
  const plugin = await addPlugin(ports, scope, claim, archive, {
    also: (tx, { id }) => setUploadPlugin(tx, uploadId, id),
    ...(signal && { signal }),
  })
  return { upload, plugin }
}

function isOf(upload: PluginUpload, { organizationId, namespaceId }: PluginScope): boolean {
  return upload.organizationId === organizationId && upload.namespaceId === namespaceId
}

function archiveOf({ now }: Pick<Ports, 'now'>, { id, archive, expiresAt }: PluginUpload) {
  if (archive) return archive
  if (expiresAt < now()) {
    throw fail('bad_request', {
      reason: `Upload ${id} has expired before its archive came; begin another one.`,
    })
  }
  const hint = 'Send the archive with PUT to presigned_url first.'
  throw fail('not_found', { resource: 'archive of upload', id, hint })
}

/**
 * What the client says of its archive is what came. The size of its first request is an estimate, which the tutorial
 * sends as a round number (plugin-contract, T): only the one with which it confirms counts.
 */
function refuseOther(
  archive: StoredBlob,
  { etag, file_size_bytes: sizeBytes }: ConfirmUpload,
): void {
  const given = etag?.replace(/^W\//, '').replaceAll('"', '')
  if (given && given !== archive.hash) {
    throw fail('bad_request', {
      reason: `etag is '${given}'; the archive that came has '${archive.hash}'.`,
    })
  }
  if (sizeBytes !== undefined && sizeBytes !== null && sizeBytes !== archive.sizeBytes) {
    throw fail('bad_request', {
      reason: `The archive was announced with ${sizeBytes} bytes; ${archive.sizeBytes} came.`,
    })
  }
}

function refuseSize(sizeBytes: number | null, limitBytes: number): void {
  if (sizeBytes === null || sizeBytes <= limitBytes) return
  const message = `file_size_bytes is ${sizeBytes}; an archive has at most ${limitBytes} bytes (NACRE_PLUGIN_ARCHIVE_BYTES_MAX)`
  throw invalid(['body', 'file_size_bytes'], message, 'out_of_range')
}
