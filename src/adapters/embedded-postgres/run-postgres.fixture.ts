import { silentLogger } from '../../../test/support/silent-logger.ts'
import { openEmbeddedPostgres } from './open-embedded-postgres.ts'

// Run by the tests beside it: serves the folder until it is killed, or until its standard input ends.
const server = await openEmbeddedPostgres({ folder: process.argv[2] ?? '', log: silentLogger })
process.stdout.write(`${server.url}\n`)
process.stdin.once('end', () => void server[Symbol.asyncDispose]()).resume()
