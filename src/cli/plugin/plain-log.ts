import type { Logger } from '../../ports/logger.ts'

/**
 * The log for a person at a terminal: what a plugin prints, what pip does, and every warning, each on a line. The rest is
 * a server's business.
 */
export function openPlainLog(write: (line: string) => void): Logger {
  const log: Logger = {
    debug: () => {},
    info: (fields, message) => {
      const line = lineOf({ ...fields }, message)
      if (line !== null) write(line)
    },
    warn: (fields, message) => write(lineOf({ ...fields }, message) ?? `! ${message}`),
    error: (fields, message) => write(`! ${message}${reasonOf({ ...fields })}`),
    child: () => log,
  }
  return log
}

/** Null for what nobody at a terminal asked for. */
function lineOf(fields: Readonly<Record<string, unknown>>, message: string): string | null {
  const { said, step, pip, requirements } = fields
  if (typeof said === 'string') return `  │ ${typeof step === 'string' ? `${step}: ` : ''}${said}`
  if (typeof pip === 'string') return `  pip: ${pip}`
  return Array.isArray(requirements) ? `  ${message}: ${requirements.join(', ')} …` : null
}

function reasonOf({ err }: Readonly<Record<string, unknown>>): string {
  return err instanceof Error ? `: ${err.message}` : ''
}
