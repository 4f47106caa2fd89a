import type { Answer, TestServer } from './server.ts'
import { manifestOf, packPlugin, pipelineOf, type PluginFiles } from './plugins.ts'

export interface Upload {
  name?: string
  version?: string
  description?: string
  archive?: Uint8Array
}

/** A plugin that works: a vector of four numbers from the length of a text, and that length. */
export function lengthPlugin(name: string): PluginFiles {
  return {
    'manifest.py': manifestOf(name, `output_schema = {"length": {"type": "integer"}}`),
    'pipeline.py': pipelineOf(`
      lengths = [len(str(text or "")) for text in batch["data"]]
      batch["v"] = [[1.0, n, n * n, 0.5] for n in lengths]
      batch["length"] = lengths
    `),
  }
}

/** The multipart form of an upload as bytes, and the header that goes with it. */
export async function formOf({ archive, ...fields }: Upload): Promise<{
  body: Uint8Array
  headers: Record<string, string>
}> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  if (archive) form.set('file', new Blob([Buffer.from(archive)]), 'plugin.tar.gz')
  const sent = new Response(form)
  return {
    body: new Uint8Array(await sent.arrayBuffer()),
    headers: { 'content-type': sent.headers.get('content-type') ?? '' },
  }
}

/** Uploads the files under their own name; throws where the server does not take them. */
export async function addPlugin(
  server: Pick<TestServer, 'fetch'>,
  namespaceId: string,
  name: string,
  files: PluginFiles = lengthPlugin(name),
): Promise<Answer> {
  const { body, headers } = await formOf({ name, version: '1.0.0', archive: packPlugin(files) })
  const path = `/v1/namespaces/${namespaceId}/plugins`
  const response = await server.fetch(path, { method: 'POST', body, headers })
  const text = await response.text()
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`)
  return JSON.parse(text)
}

/** The same at the organization's level, which takes signed uploads only. */
export async function addOrganizationPlugin(
  server: Pick<TestServer, 'call'>,
  name: string,
  files: PluginFiles = lengthPlugin(name),
): Promise<Answer> {
  const version = '1.0.0'
  const upload = await server.call('POST', '/v1/plugins/uploads', { name, version })
  await fetch(upload.presigned_url, { method: 'PUT', body: Buffer.from(packPlugin(files)) })
  return await server.call('POST', `/v1/plugins/uploads/${upload.upload_id}/confirm`)
}
