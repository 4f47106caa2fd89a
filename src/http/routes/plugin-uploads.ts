import { z } from 'zod'
import { invalid } from '../../domain/failure.ts'
import { findNamespace } from '../../domain/namespaces/find-namespace.ts'
import type { Principal } from '../../domain/organizations/principal.ts'
import { addPlugin } from '../../domain/plugins/add-plugin.ts'
import { downloadPathOf, findArchive } from '../../domain/plugins/archive-download.ts'
import { ConfirmUpload, NewPluginUpload, parseClaim } from '../../domain/plugins/plugin-request.ts'
import type { PluginScope, PluginUpload } from '../../domain/plugins/plugin.ts'
import { checkSignature, signPath } from '../../domain/signed-paths.ts'
import { storeArchive } from '../../domain/plugins/store-archive.ts'
import { beginUpload, confirmUpload, receiveArchive } from '../../domain/plugins/upload-plugin.ts'
import type { Ports } from '../../ports/ports.ts'
import { Download } from '../answer.ts'
import { readForm } from '../multipart.ts'
import { publicUrl } from '../public-url.ts'
import { route, type CallContext } from '../route.ts'
import { signedQuery } from '../signed-query.ts'
import {
  confirmAnswer,
  inNamespace,
  presignedAnswer,
  uploadAnswer,
  uploadedAnswer,
  uploadForm,
} from './plugin-schemas.ts'

const general = ['unauthorized', 'forbidden', 'request_invalid'] as const
const adding = [
  ...general,
  'bad_request',
  'not_found',
  'already_exists',
  'conflict',
  'quota_exceeded',
  'plugins_unavailable',
  'storage_unavailable',
] as const

export const pluginUploadRoutes = [
  route({
    operationId: 'uploadPlugin',
    method: 'POST',
    path: '/v1/namespaces/{namespace_id}/plugins',
    summary: 'Upload a plugin and validate it, in one request',
    tag: 'plugins',
    access: 'write',
    params: inNamespace,
    bodyKind: 'multipart',
    body: uploadForm,
    bodyRequired: true,
    response: uploadAnswer,
    failures: [...adding, 'body_too_large', 'media_type_unsupported'],
    handle: async (call) => {
      const { ports, signal } = call
      const scope = await namespaceScope(ports, call.principal, call.params.namespace_id)
      const { fields, file } = await readForm(call.stream, call.headers, 'file', (content) =>
        storeArchive(ports, content, signal),
      )
      const claim = parseClaim(fields)
      if (file === null) throw invalid(['body', 'file'], 'file is missing', 'missing')
      const plugin = await addPlugin(ports, scope, claim, file, { signal })
      return uploadedAnswer(plugin, deployPathOf(scope, plugin.pluginId))
    },
  }),
  route({
    operationId: 'createPluginUpload',
    method: 'POST',
    path: '/v1/namespaces/{namespace_id}/plugins/uploads',
    summary: 'Announce a plugin and get a signed URL to PUT its archive to',
    tag: 'plugins',
    access: 'write',
    params: inNamespace,
    body: NewPluginUpload,
    bodyRequired: true,
    response: presignedAnswer.extend({ namespace_id: z.string() }),
    failures: [...general, 'not_found', 'already_exists', 'quota_exceeded'],
    handle: async ({ params, body, ...call }) => {
      const scope = await namespaceScope(call.ports, call.principal, params.namespace_id)
      const upload = await beginUpload(call.ports, scope, body)
      return { ...(await presigned(call, upload)), namespace_id: scope.namespaceId }
    },
  }),
  route({
    operationId: 'createOrganizationPluginUpload',
    method: 'POST',
    path: '/v1/plugins/uploads',
    summary: 'Announce a plugin of the organization and get a signed URL to PUT its archive to',
    tag: 'plugins',
    access: 'write',
    body: NewPluginUpload,
    bodyRequired: true,
    response: presignedAnswer.extend({ organization_id: z.string() }),
    failures: [...general, 'already_exists', 'quota_exceeded'],
    handle: async ({ body, ...call }) => {
      const { organizationId } = call.principal
      const upload = await beginUpload(call.ports, { organizationId, namespaceId: null }, body)
      return { ...(await presigned(call, upload)), organization_id: organizationId }
    },
  }),
  route({
    operationId: 'confirmPluginUpload',
    method: 'POST',
    path: '/v1/namespaces/{namespace_id}/plugins/uploads/{upload_id}/confirm',
    summary: 'Validate the archive that was PUT; what passes can be deployed',
    tag: 'plugins',
    access: 'write',
    params: inNamespace.extend({ upload_id: z.string().min(1) }),
    body: ConfirmUpload,
    response: confirmAnswer,
    failures: adding,
    handle: async ({ ports, principal, params, body, signal }) => {
      const scope = await namespaceScope(ports, principal, params.namespace_id)
      return await confirmed(ports, scope, params.upload_id, body, signal)
    },
  }),
  route({
    operationId: 'confirmOrganizationPluginUpload',
    method: 'POST',
    path: '/v1/plugins/uploads/{upload_id}/confirm',
    summary: 'Validate the archive that was PUT for a plugin of the organization',
    tag: 'plugins',
    access: 'write',
    params: z.object({ upload_id: z.string().min(1) }),
    body: ConfirmUpload,
    response: confirmAnswer,
    failures: adding,
    handle: async ({ ports, principal, params, body, signal }) => {
      const scope = { organizationId: principal.organizationId, namespaceId: null }
      return await confirmed(ports, scope, params.upload_id, body, signal)
    },
  }),
  route({
    operationId: 'putPluginArchive',
    method: 'PUT',
    path: '/v1/plugin-uploads/{upload_id}/archive',
    summary: 'The archive of an announced plugin; the signature of the URL stands for a key',
    tag: 'plugins',
    access: 'public',
    params: z.object({ upload_id: z.string().min(1) }),
    query: signedQuery,
    bodyKind: 'raw',
    bodyRequired: true,
    status: 200,
    response: null,
    failures: [
      'bad_request',
      'forbidden',
      'not_found',
      'conflict',
      'body_too_large',
      'storage_unavailable',
    ],
    handle: async ({ ports, params, query, stream, signal, setHeader }) => {
      await checkSignature(ports, 'PUT', archivePathOf(params.upload_id), query)
      const { hash } = await receiveArchive(ports, params.upload_id, stream, signal)
      setHeader('ETag', `"${hash}"`)
    },
  }),
  route({
    operationId: 'getPluginArchive',
    method: 'GET',
    path: '/v1/plugin-archives/{archive_id}',
    summary: "A plugin's archive as it was uploaded; the signature of the URL stands for a key",
    tag: 'plugins',
    access: 'public',
    params: z.object({ archive_id: z.string().min(1) }),
    query: signedQuery,
    response: z.instanceof(Download),
    answerType: 'application/octet-stream',
    failures: ['forbidden', 'not_found', 'storage_unavailable'],
    handle: async ({ ports, params: { archive_id: id }, query, signal }) => {
      await checkSignature(ports, 'GET', downloadPathOf(id), query)
      const archive = await findArchive(ports, id, signal)
      return new Download({ ...archive, contentType: 'application/octet-stream' })
    },
  }),
]

/** The namespace's own plugins. Throws `not_found`. */
async function namespaceScope(
  ports: Ports,
  { organizationId }: Principal,
  identifier: string,
): Promise<PluginScope & { namespaceId: string }> {
  const { id } = await findNamespace(ports, organizationId, identifier)
  return { organizationId, namespaceId: id }
}

async function presigned(
  { ports, headers }: Pick<CallContext, 'ports' | 'headers'>,
  { id, name, version, expiresAt }: PluginUpload,
): Promise<z.infer<typeof presignedAnswer>> {
  const path = await signPath(ports, 'PUT', archivePathOf(id), expiresAt)
  return {
    upload_id: id,
    presigned_url: publicUrl(ports.config, headers, path),
    s3_key: `plugin-uploads/${id}`,
    expires_at: expiresAt.toISOString(),
    name,
    version,
  }
}

async function confirmed(
  ports: Ports,
  scope: PluginScope,
  uploadId: string,
  request: ConfirmUpload,
  signal: AbortSignal,
): Promise<z.infer<typeof confirmAnswer>> {
  const { plugin } = await confirmUpload(ports, scope, uploadId, request, signal)
  return { ...uploadedAnswer(plugin, deployPathOf(scope, plugin.pluginId)), upload_id: uploadId }
}

function archivePathOf(uploadId: string): string {
  return `/v1/plugin-uploads/${uploadId}/archive`
}

/** What makes it run: in its namespace at once, one of the organization in each that enables it. */
function deployPathOf({ namespaceId }: PluginScope, pluginId: string): string {
  return namespaceId === null
    ? `/v1/namespaces/{namespace_id}/plugins/org/${pluginId}/enable`
    : `/v1/namespaces/${namespaceId}/plugins/${pluginId}/deploy`
}
