import type { HttpClient } from '../support/http-client.ts'
import { createNearRetriever, createPoints, importPoints, settled } from '../support/points.ts'
import type { Points } from '../support/points.ts'
import { vectorText } from '../support/vectors.ts'
import { dimensions, documentsTotal, importLines, vectorOf } from './data.ts'

/** One namespace of one server, in which everything is measured. */
export interface Stage extends Points {
  write: (line: string) => void
  retrieverId: string
}

/** A namespace with the documents, whose graph is built; nothing is indexed yet. */
export async function openStage(write: (line: string) => void, client: HttpClient): Promise<Stage> {
  const points = await createPoints(client, dimensions, { auto_create_indexes: true })
  const seconds = (await importPoints(points, importLines(), documentsTotal)) / 1000
  write(`Loading over HTTP: ${seconds.toFixed(1)} s`)
  const stage = { ...points, write, retrieverId: await createNearRetriever(points) }
  await settled((n) => search(stage, vectorOf(n), null))
  return stage
}

/** `n` of the ten nearest under the filter. */
export async function search(
  { within, retrieverId }: Pick<Stage, 'within' | 'retrieverId'>,
  vector: Float32Array,
  filter: object | null,
): Promise<number[]> {
  const body = { inputs: { v: vectorText(vector) }, ...(filter && { filters: filter }) }
  const answer = await within.call('POST', `/v1/retrievers/${retrieverId}/execute`, body)
  return (answer['documents'] as { n: number }[]).map((hit) => hit.n)
}

/** On or off, as a user would. */
export async function setAuto({ within, namespaceId }: Stage, isOn: boolean): Promise<void> {
  await within.call('PATCH', `/v1/namespaces/${namespaceId}`, { auto_create_indexes: isOn })
}
