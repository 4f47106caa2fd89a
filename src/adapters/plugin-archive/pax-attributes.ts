import { ArchiveProblem } from './archive-entry.ts'

const space = 0x20
const newline = 0x0a

/** Records `<length> <key>=<value>\n` (POSIX pax); the length counts the whole record. Throws ArchiveProblem. */
export function readPaxAttributes(body: Buffer): Map<string, string> {
  const attributes = new Map<string, string>()
  for (let at = 0; at < body.length;) {
    const blank = body.indexOf(space, at)
    const digits = blank === -1 || blank - at > 10 ? '' : body.toString('latin1', at, blank)
    const end = at + Number(digits)
    if (!/^[1-9]\d*$/.test(digits) || end > body.length || end - 1 <= blank) throw wrong()
    if (body[end - 1] !== newline) throw wrong()
    const record = body.toString('utf8', blank + 1, end - 1)
    const equals = record.indexOf('=')
    if (equals < 1) throw wrong()
    attributes.set(record.slice(0, equals), record.slice(equals + 1))
    at = end
  }
  return attributes
}

function wrong(): ArchiveProblem {
  return new ArchiveProblem('the archive holds attributes that cannot be read (pax)')
}
