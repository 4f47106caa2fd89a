import { pino, type Logger as Pino } from 'pino'
import type { Logger } from '../../ports/logger.ts'

const secretPaths = [
  'authorization',
  'key',
  'password',
  'apiKey',
  'databaseUrl',
  'url.password',
].flatMap((name) => [name, `*.${name}`, `headers.${name}`])

/** JSON lines on standard error, so that a command's own output stays alone on standard output. */
export function openLogger({ level }: { level: string }): Logger {
  return wrap(
    pino(
      { level, base: { pid: process.pid }, redact: { paths: secretPaths, censor: '[redacted]' } },
      pino.destination({ fd: 2, sync: true }),
    ),
  )
}

function wrap(log: Pino): Logger {
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    child: (fields) => wrap(log.child(fields)),
  }
}
