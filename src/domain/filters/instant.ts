/**
 * The dates that the engine reads: RFC 3339, the same with a space or a zone without a colon, and without a zone
 * (which is UTC), down to the bare day. Both sides count whole microseconds.
 */
const dateTime =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9})\d*)?)?\s*([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/

/** Microseconds since 1970; null where the engine would not take the text for a date. */
export function instantOf(text: string): bigint | null {
  const found = dateTime.exec(text)
  if (!found) return null
  const [
    ,
    year = '',
    month = '',
    day = '',
    hour = '00',
    minute = '00',
    second,
    fraction = '',
    zone,
  ] = found
  // Without seconds the engine reads no zone.
  if (second === undefined && zone !== undefined) return null
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second ?? '00'}Z`
  const milliseconds = Date.parse(local)
  if (Number.isNaN(milliseconds) || new Date(milliseconds).getUTCDate() !== Number(day)) return null
  const microseconds = BigInt(fraction.slice(0, 6).padEnd(6, '0'))
  return BigInt(milliseconds) * 1000n + microseconds - offsetOf(zone)
}

/** RFC 3339 in UTC with six decimals, as bounds go to the engine. */
export function instantText(instant: bigint): string {
  const microseconds = ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n
  const seconds = (instant - microseconds) / 1_000_000n
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return `${whole}.${String(microseconds).padStart(6, '0')}Z`
}

function offsetOf(zone: string | undefined): bigint {
  if (zone === undefined || zone.toUpperCase() === 'Z') return 0n
  const minutes = Number(zone.slice(1, 3)) * 60 + (zone.length > 3 ? Number(zone.slice(-2)) : 0)
  return BigInt((zone.startsWith('-') ? -1 : 1) * minutes) * 60_000_000n
}
