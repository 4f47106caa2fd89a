import { machine } from '../support/statistics.ts'

const documentsTotal = 100_000

/** 100,000 documents with vectors of their own, to which two more are added while they are read and written. */
export function reconfigure(write: (line: string) => void): Promise<void> {
  write(`# reconfigure: ${documentsTotal} documents (${machine()})\n`)
  return Promise.resolve()
}
