import type { Namespace } from './namespace.ts'

/**
 * What gives a namespace the vectors of its deployed plugins, to be sent as it stands: beside its documents; or, where
 * one is there with another size or distance, by making its collection anew (design 4, Reconfigure).
 */
export function reconfigureRequest({ id }: Pick<Namespace, 'id'>, isChanged: boolean) {
  const body = { confirm: true, ...(!isChanged && { strategy: 'online' }) }
  return { method: 'POST', path: `/v1/namespaces/${id}/plugins/reconfigure`, body }
}
