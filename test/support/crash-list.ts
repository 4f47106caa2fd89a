import { readFile } from 'node:fs/promises'

/** A line of the table of docs/internals/crash-safety.md: what writes in more than one place. */
export interface ListedUseCase {
  title: string
  /** Operation ids and names of jobs. */
  names: string[]
  /** Files below `test/`. */
  heldBy: string[]
}

export interface CrashList {
  several: ListedUseCase[]
  /** Names of what takes effect with one COMMIT, or with nothing. */
  single: string[]
}

/** The page as tests read it: `operationId`, `job.name` and `crash/x.test.ts` stand in backticks. */
export async function readCrashList(): Promise<CrashList> {
  const page = new URL('../../docs/internals/crash-safety.md', import.meta.url)
  const markdown = await readFile(page, 'utf8')
  const rows = sectionOf(markdown, 'In more than one place')
    .split('\n')
    .filter((line) => line.startsWith('|') && line.includes('`'))
  return {
    several: rows.map((row) => {
      const [, title = '', names = '', , , heldBy = ''] = row.split('|')
      return { title: title.trim(), names: quotedIn(names), heldBy: quotedIn(heldBy) }
    }),
    single: quotedIn(sectionOf(markdown, 'In one place')),
  }
}

function sectionOf(markdown: string, heading: string): string {
  const [, after = ''] = markdown.split(`\n## ${heading}\n`)
  return after.split('\n## ')[0] ?? ''
}

function quotedIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '')
}
