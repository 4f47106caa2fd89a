/** One thing that an archive holds, as its reader found it: nothing of it is trusted yet. */
export interface ArchiveEntry {
  /** As it stands in the archive. */
  name: string
  kind: 'file' | 'folder'
  /** Why no such entry is taken, whatever its name: a link, a device, encrypted. */
  refusal: string | null
  /** As the archive says; the content is never longer, and an error where it is shorter. */
  sizeBytes: number
  /** Read before the next entry is asked for, or not at all. */
  content(): AsyncIterable<Uint8Array>
}

/** The archive is bad, and this is why: becomes an answer, never a failure of the server. */
export class ArchiveProblem extends Error {
  override readonly name = 'ArchiveProblem'
}

/** A stranger's name in one of our sentences: quoted, escaped, short. */
export function shown(name: string): string {
  const quoted = JSON.stringify(name.length > 120 ? `${name.slice(0, 117)}…` : name).slice(1, -1)
  return `'${quoted}'`
}
