import { z } from 'zod'
import { findCollection } from '../../domain/collections/find-collection.ts'
import { exportCollection, exportFormats } from '../../domain/exports/export-collection.ts'
import {
  exportPathOf,
  exportUrlPath,
  openExportFile,
  type ExportFile,
} from '../../domain/exports/export-file.ts'
import { checkSignature } from '../../domain/signed-paths.ts'
import { Download } from '../answer.ts'
import { publicUrl } from '../public-url.ts'
import { route, type CallContext } from '../route.ts'
import { signedQuery } from '../signed-query.ts'
import { filterOf, ofCollection, readingFailures } from './document-requests.ts'

/** Contract 15.3. */
export const exportRoutes = [
  route({
    operationId: 'exportCollection',
    method: 'POST',
    path: '/v1/collections/{collection_identifier}/export',
    summary: 'Write the documents of a collection to a file that can be fetched for a while',
    tag: 'collections',
    access: 'read',
    scope: 'namespace',
    params: ofCollection,
    body: z.object({
      format: z.enum(exportFormats).nullish(),
      include_vectors: z.boolean().nullish(),
      select_fields: z.array(z.string().min(1)).max(1_000).nullish(),
      filters: z.unknown().optional(),
      sample_size: z.int().min(1).max(1_000_000).nullish(),
    }),
    response: z.object({
      download_url: z.string(),
      s3_path: z.string(),
      format: z.enum(exportFormats),
      document_count: z.int(),
      file_size_bytes: z.int(),
      exported_at: z.iso.datetime(),
      expires_at: z.iso.datetime(),
      vectors_download_url: z.string().nullable(),
      vectors_s3_path: z.string().nullable(),
    }),
    failures: [...readingFailures, 'conflict', 'storage_unavailable'],
    handle: async (call) => {
      const { ports, namespace, params, body, signal } = call
      const collection = await findCollection(ports, namespace, params.collection_identifier)
      const format = body.format ?? 'parquet'
      const wanted = {
        format,
        filter: filterOf(ports.config, body.filters),
        select: body.select_fields ?? null,
        withVectors: body.include_vectors ?? false,
        sampleSize: body.sample_size ?? null,
      }
      const made = await exportCollection(ports, namespace, collection, wanted, signal)
      const { file, vectors } = made
      return {
        download_url: await urlOf(call, file),
        s3_path: placeOf(file),
        format,
        document_count: made.documents,
        file_size_bytes: file.sizeBytes,
        exported_at: made.exportedAt.toISOString(),
        expires_at: file.expiresAt.toISOString(),
        vectors_download_url: vectors && (await urlOf(call, vectors)),
        vectors_s3_path: vectors && placeOf(vectors),
      }
    },
  }),
  route({
    operationId: 'getExportFile',
    method: 'GET',
    path: '/v1/export-files/{file_id}',
    summary: 'A file that was exported; the signature of the URL stands for a key',
    tag: 'collections',
    access: 'public',
    params: z.object({ file_id: z.string().min(1) }),
    query: signedQuery,
    response: z.instanceof(Download),
    answerType: 'application/octet-stream',
    failures: ['forbidden', 'not_found', 'storage_unavailable'],
    handle: async ({ ports, params: { file_id: id }, query, signal }) => {
      await checkSignature(ports, 'GET', exportPathOf(id), query)
      return new Download(await openExportFile(ports, id, signal))
    },
  }),
]

async function urlOf(
  { ports, headers }: Pick<CallContext, 'ports' | 'headers'>,
  file: ExportFile,
): Promise<string> {
  return publicUrl(ports.config, headers, await exportUrlPath(ports, file))
}

/** Clients want a path in a bucket of S3; this one names the file and leads nowhere. */
function placeOf({ id, filename }: ExportFile): string {
  return `exports/${id}/${filename}`
}
