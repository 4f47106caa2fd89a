import type { Ports } from '../../ports/ports.ts'
import { payloadsAt } from '../documents/read-pages.ts'
import type { ReadPorts } from '../documents/read.ts'
import { isFailure } from '../failure.ts'
import { elementsOf, pathValues } from '../filters/field-values.ts'
import { isInstant } from '../filters/instant.ts'
import { kindOf } from '../filters/value-kind.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { IndexType, PayloadIndex } from './payload-index.ts'

/** Documents that are looked at for an index: enough to see that it can hold nothing that stands there. */
const documentsMax = 100

/**
 * What to tell of the client's indexes that cover none of the values that documents have (design 6, paths), by
 * `field_name`. Nothing for those that do, that are not built yet, and while the engine does not answer.
 */
export async function coverageNotes(
  ports: ReadPorts & Pick<Ports, 'log'>,
  namespace: Namespace,
): Promise<Map<string, string>> {
  const notes = new Map<string, string>()
  const own = namespace.payloadIndexes.filter(
    ({ origin, state }) => origin === 'user' && state === 'active',
  )
  try {
    for (const index of own) {
      const note = await noteOf(ports, namespace, index)
      if (note !== null) notes.set(index.fieldName, note)
    }
  } catch (error) {
    if (!isFailure(error, 'engine_unavailable') && !isFailure(error, 'engine_busy')) throw error
    ports.log.warn({ namespaceId: namespace.id, error }, 'coverage of indexes not looked at')
  }
  return notes
}

async function noteOf(
  ports: ReadPorts,
  namespace: Namespace,
  { path, schema: { type } }: PayloadIndex,
): Promise<string | null> {
  const payloads = await payloadsAt(ports, namespace, path, documentsMax)
  if (payloads.length === 0) return `covers nothing yet: no document has a value at '${path}'`
  const values = payloads
    .flatMap((payload) => elementsOf(pathValues(payload, path)))
    .filter((value) => value !== null)
  if (values.length === 0 || values.some(holds[type])) return null
  return `covers none of the values at '${path}' in ${payloads.length} documents: there is ${kindOf(values[0])}, and an index of type ${type} holds ${held[type]}`
}

const held: Record<IndexType, string> = {
  keyword: 'strings',
  integer: 'whole numbers',
  float: 'numbers',
  bool: 'true and false',
  geo: 'objects with lon and lat',
  datetime: 'dates as strings of RFC 3339',
  text: 'strings',
  uuid: 'strings that are UUIDs',
}

const holds: Record<IndexType, (value: unknown) => boolean> = {
  keyword: isString,
  integer: Number.isSafeInteger,
  float: (value) => typeof value === 'number',
  bool: (value) => typeof value === 'boolean',
  geo: (value) => typeof value === 'object' && value !== null && 'lon' in value && 'lat' in value,
  datetime: (value) => isString(value) && isInstant(value),
  text: isString,
  uuid: (value) => isString(value) && /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(value),
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}
