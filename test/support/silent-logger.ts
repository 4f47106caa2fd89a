import type { Logger } from '../../src/ports/logger.ts'

/** For tests that look at results, not at what is told of them. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}
