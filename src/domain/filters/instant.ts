/**
 * The dates that the engine reads: RFC 3339 strictly, and looser forms, in which numbers may be short or have white
 * space before them, the zone may lack its colon or its minutes, and time or zone may be missing (which is UTC).
 * Tested against the engine: what it takes for a date and we do not, or the other way, would be a wrong answer.
 */

/** White space as the engine's language has it; JavaScript's own differs in two characters. */
const space = String.raw`[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`
/** One or two digits, the second taken where there is one. */
const short = String.raw`${space}*(\d\d|\d(?!\d))`
const year = String.raw`${space}*([+-]\d+|\d{4}|\d{1,3}(?!\d))`
const day = `${year}-${short}-${short}`
const fraction = String.raw`(?:\.(\d+))?`
const seconds = `${short}:${short}:${short}${fraction}`
const zone = String.raw`${space}*([Zz]|[+\-\u2212]\d\d(?:${space}|:)*(?:\d\d)?)`
/** Room for white space on either side of each sign. */
const spacedDay = `${year}${space}*-${short}${space}*-${short}`
const spacedSeconds = `${short}${space}*:${short}${space}*:${short}${fraction}`
const fullZone = String.raw`${space}*([Zz]|[Uu][Tt][Cc]|[+\-\u2212]\d\d(?:${space}|:)*\d\d)`

/** In the order in which the engine tries them; a text may be of several. */
const forms = [
  String.raw`(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)${fraction}([Zz]|[+\-\u2212]\d\d:\d\d)`,
  `${spacedDay}[tT ]${spacedSeconds}${fullZone}${space}*`,
  `${day}(?:T|${space}*)${seconds}${zone}`,
  `${day}(?:T|${space}*)${seconds}`,
  `${day}(?:T|${space}*)${short}:${short}`,
  day,
].map((form) => new RegExp(`^${form}$`))

/** The years that the engine can count. */
const yearMin = -262_143
const yearMax = 262_142
/** Longer texts are no dates, and cost no look. */
const lengthMax = 200

/** A point in time as the engine compares stored ones. */
export interface Moment {
  /** Since 1970, rounded down, as the engine does; of a leap second the last one before it. */
  microseconds: bigint
  /** In a leap second, which comes before the next minute: only to an index it is the same as that. */
  isLeap: boolean
}

/** Microseconds since 1970; null where the engine would not take the text for a date. */
export function instantOf(text: string): bigint | null {
  return momentOf(text)?.microseconds ?? null
}

const plainDay = String.raw`(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31`
const plainTime = String.raw`(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?`
/** As most dates are written, but 29 February: surely a date, without a look at its parts. */
const plainDate = new RegExp(String.raw`^\d{4}-(?:${plainDay})T${plainTime}Z$`)

/** Whether the engine would take the text for a date. */
export function isInstant(text: string): boolean {
  return (text.length <= lengthMax && plainDate.test(text)) || instantOf(text) !== null
}

/** As `instantOf`, leap seconds apart. */
export function momentOf(text: string): Moment | null {
  // Most texts are no dates, and show it at once.
  if (text.length > lengthMax || !looksLikeDate.test(text)) return null
  for (const form of forms) {
    const found = form.exec(text)
    const moment = found && momentOfParts(found)
    if (moment !== null) return moment
  }
  return null
}

const looksLikeDate = new RegExp(`^${space}*[+-]?\\d+${space}*-${space}*\\d`)

/** RFC 3339 in UTC with six decimals, as bounds go to the engine. */
export function instantText(instant: bigint): string {
  const microseconds = ((instant % 1_000_000n) + 1_000_000n) % 1_000_000n
  const wholeSeconds = (instant - microseconds) / 1_000_000n
  // Without `.000Z`; a year of more than four digits has a sign, which the engine reads.
  const whole = new Date(Number(wholeSeconds) * 1000).toISOString().slice(0, -5)
  return `${whole}.${String(microseconds).padStart(6, '0')}Z`
}

function momentOfParts(found: RegExpExecArray): Moment | null {
  const [, years = '', months, days, hours, minutes, secondsFound, digits = '', zoneFound] = found
  const [y, month, date] = [Number(years), Number(months), Number(days)]
  const [hour = 0, minute = 0, given = 0] = [hours, minutes, secondsFound].map((part) =>
    Number(part ?? 0),
  )
  if (y < yearMin || y > yearMax || hour > 23 || minute > 59 || given > 60) return null
  const midnight = new Date(0)
  midnight.setUTCFullYear(y, month - 1, date)
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== date) return null
  const offset = offsetOf(zoneFound)
  if (offset === null) return null
  const isLeap = given === 60
  const second = isLeap ? 59 : given
  const beyond = isLeap ? 999_999 : Number(digits.slice(0, 6).padEnd(6, '0'))
  const time = BigInt(((hour * 60 + minute) * 60 + second) * 1_000_000 + beyond)
  return { microseconds: BigInt(midnight.getTime()) * 1000n + time - offset, isLeap }
}

/** In microseconds; null for one of a day or more. */
function offsetOf(zoneFound: string | undefined): bigint | null {
  if (zoneFound === undefined || /^[A-Za-z]/.test(zoneFound)) return 0n
  const [hours = '00', minutes = '00'] = zoneFound.slice(1).match(/\d\d/g) ?? []
  if (Number(minutes) > 59 || Number(hours) > 23) return null
  const total = Number(hours) * 60 + Number(minutes)
  return BigInt((zoneFound.startsWith('+') ? 1 : -1) * total) * 60_000_000n
}
