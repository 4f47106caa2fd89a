import { mkdtemp, readFile, rm, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { packFolder } from '../../src/cli/plugin/pack-folder.ts'
import type { HttpClient } from '../support/http-client.ts'
import { dimensions } from './data.ts'

/** Of a first deploy, which may fetch pandas. */
const deployTimeoutMs = 300_000

export interface Target {
  url: string
  key: string
  namespaceId: string
}

/** Uploads and deploys a small plugin with one vector, named as the plugin; answers the vector's name in the schema. */
export async function addPlugin(
  within: HttpClient,
  { url, key, namespaceId }: Target,
  name: string,
): Promise<string> {
  const path = `/v1/namespaces/${namespaceId}/plugins`
  const form = new FormData()
  form.set('name', name)
  form.set('version', '1.0.0')
  form.set('file', new Blob([await archiveOf(name)]), 'plugin.tar.gz')
  const headers = { authorization: `Bearer ${key}` }
  const response = await fetch(url + path, { method: 'POST', headers, body: form })
  const answer = (await response.json()) as { plugin_id: string; validation_status: string }
  if (answer.validation_status !== 'passed') throw new Error(JSON.stringify(answer))
  await deploy(within, `${path}/${answer.plugin_id}`)
  return name
}

async function deploy(within: HttpClient, path: string): Promise<void> {
  await within.call('POST', `${path}/deploy`)
  const deadline = performance.now() + deployTimeoutMs
  for (;;) {
    const answer = await within.call('GET', `${path}/status`)
    const status = String(answer['status']).toLowerCase()
    if (status === 'deployed') return
    if (status === 'failed' || performance.now() > deadline) throw new Error(JSON.stringify(answer))
    await sleep(50)
  }
}

async function archiveOf(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-bench-plugin-'))
  try {
    const source = join(folder, name)
    await mkdir(source)
    await writeFile(join(source, 'manifest.py'), manifestOf(name))
    await writeFile(join(source, 'pipeline.py'), pipelineOf(name))
    const { path } = await packFolder(source, join(folder, 'plugin.tar.gz'), 10)
    return new Uint8Array(await readFile(path))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function manifestOf(name: string): string {
  return `
feature_extractor_name = "${name}"
version = "1.0.0"
description = "One vector: how often each byte stands in a text"
supported_input_types = ["text"]
features = [
    {"feature_type": "embedding", "feature_name": "${name}", "embedding_dim": ${dimensions}, "distance_metric": "cosine"},
]
`
}

function pipelineOf(name: string): string {
  return `
def count(batch):
    vectors = []
    for text in batch["data"]:
        counts = [0.01] * ${dimensions}
        for byte in str(text or "").encode():
            counts[byte % ${dimensions}] += 1.0
        vectors.append(counts)
    batch["${name}"] = vectors
    return batch


def build_steps(extractor_request, container=None, base_steps=None, **kwargs):
    return {"steps": [*(base_steps or []), count]}
`
}
