import { fail } from '../../domain/failure.ts'
import { ArchiveTrouble } from './read-stream.ts'

/** Runs the work of a command that goes on where it stood; what stopped it is told with that. */
export async function told(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (signal.aborted) throw stopped('It was stopped.', error)
    throw error instanceof ArchiveTrouble ? stopped(error.message, error) : error
  }
}

function stopped(reason: string, cause: unknown) {
  return fail(
    'bad_request',
    { reason, hint: 'The same command goes on where it stood.' },
    { cause },
  )
}
