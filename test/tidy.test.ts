import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { basename, matchesGlob } from 'node:path'
import { describe, test } from 'node:test'
import { testFiles } from '../scripts/run-tests.ts'

/** Every file of the repository, those not committed yet among them. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && statSync(file, { throwIfNoEntry: false })?.isFile())
const texts = files.filter((file) => !/\.(?:br|png|ico|node)$/.test(file))
const code = files.filter((file) => /\.(?:ts|js|rs)$/.test(file))
const isTest = (file: string) => /\.(?:test|contract)\.ts$/.test(file) || file.startsWith('test/')
const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n')

/** `file:line` of each line that matches, in files of the list. */
function found(list: readonly string[], pattern: RegExp): string[] {
  return list.flatMap((file) =>
    linesOf(file).flatMap((line, i) =>
      pattern.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [],
    ),
  )
}

/** A pattern that does not match the line it stands in. */
const pattern = (...parts: string[]) => new RegExp(parts.join(''), 'i')

describe('what may stand in a file', () => {
  test('every to-do names an issue', () => {
    assert.deepEqual(found(code, pattern('\\bTO', 'DO\\b(?!\\(#\\d+\\))')), [])
  })

  test('no path of the machine it was written on', () => {
    assert.deepEqual(
      found(texts, pattern('(?<![\\w.])/(?:work|root|home/\\w+|Users/\\w+|tmp/\\w)', '/')),
      [],
    )
  })

  test('no registry but the public one: lock files name none', () => {
    assert.deepEqual(found(['package-lock.json'], pattern('"resolved"')), [])
    const sources = found(['edge/Cargo.lock'], pattern('^source = '))
    assert.deepEqual(
      sources.filter(
        (line) => !line.includes('"registry+https://github.com/rust-lang/crates.io-index"'),
      ),
      [],
    )
  })

  test("the original vendor's name only where it is a fact: its URI scheme, headers, and a module that plugins import", () => {
    assert.deepEqual(
      found(texts, pattern("(?<!X-|scheme: ')mix", 'peek(?!:\\\\?/\\\\?/|_dev\\b)')),
      [],
    )
  })

  test('no secret that looks real', () => {
    const real = found(texts, pattern('\\bsk_(?!test_|unknown_|given_|other_)[A-Za-z0-9_-]{30,}'))
    assert.deepEqual(real, [])
    assert.deepEqual(found(texts, pattern('BEGIN [A-Z ]*PRIVATE', ' KEY')), [])
  })
})

describe('who may do what', () => {
  test('only config.ts and entry points read the environment', () => {
    const readers = code.filter(
      (file) => file.startsWith('src/') && file !== 'src/cli/main.ts' && !isTest(file),
    )
    assert.deepEqual(found(readers, /process\.env/), [])
  })

  test('documents are read through read.ts and its pages, written through write.ts, and by nothing else', () => {
    const others = code.filter(
      (file) => /^src\/(?:domain|http|worker|cli)\//.test(file) && !isTest(file),
    )
    const reads = found(others, /\bvectors\.(?:query|queryGroups|scroll|retrieve|count|facet)\(/)
    const writes = found(others, /\bvectors\.(?:write|flush)\(/)

    const gate = 'src/domain/documents'
    assert.deepEqual(
      reads.filter((line) => !/\/documents\/read(?:-pages)?\.ts:/.test(line)),
      [],
    )
    assert.deepEqual(
      writes.filter((line) => !line.startsWith(`${gate}/write.ts:`)),
      [],
    )
    assert.ok(reads.length > 0 && writes.length > 0, 'the gates are where this test looks for them')
  })

  test('the domain knows zod, Node and what is ours', () => {
    const domain = code.filter((file) => /^src\/(?:domain|ports)\//.test(file) && !isTest(file))
    const imports = found(domain, /^(?:import|export|\}) .*from '(?!\.|node:|zod')/)
    // SQL's own type for a condition, which the lists of the store are given; regular expressions in linear time, which
    // are as much of a language as JavaScript's own; and a format of files, as JSON is one.
    const known = [
      /import (?:type )?\{ sql(?:, .*)? \} from 'kysely'/,
      /^src\/domain\/filters\/regex\.ts:\d+: import .* from 're2js'/,
      /^src\/domain\/exports\/parquet-content\.ts:\d+: import .* from 'hyparquet-writer'/,
    ]
    const foreign = imports.filter((line) => !known.some((each) => each.test(line)))
    assert.deepEqual(foreign, [])
  })
})

describe('how files are', () => {
  test('names are kebab-case, and none says only that it helps', () => {
    const wrong = code.filter((file) => {
      const name = basename(file)
      const isPlain = file.endsWith('.rs')
        ? /^[a-z0-9_]+\.rs$/
        : /^[a-z0-9-]+(?:\.[a-z]+)*\.(?:ts|js)$/
      return !isPlain.test(name) || /^(?:utils?|helpers?|common|misc|shared|index)\.ts$/.test(name)
    })
    assert.deepEqual(wrong, [])
  })

  test('a file is read in one go: 350 lines of code, 800 of tests at most', () => {
    const long = code
      .filter((file) => file.endsWith('.ts'))
      .map((file) => ({ file, lines: linesOf(file).length }))
      .filter(({ file, lines }) => lines > (isTest(file) ? 800 : 350))
    assert.deepEqual(long, [])
  })

  test('no large file but the prebuilt addon and kept folders, and the OpenAPI document within bounds', () => {
    function sizeMax(file: string): number {
      if (file === 'docs/reference/openapi.json') return 800_000
      return /^test\/fixtures\/folder-\d+\.br$/.test(file) ? 2_000_000 : 400_000
    }
    const large = files.filter((file) => statSync(file).size > sizeMax(file))
    assert.deepEqual(
      large.filter((file) => !file.startsWith('edge/prebuilt/')),
      [],
    )
  })

  test('every test is in the test line', () => {
    const tests = files.filter((file) => file.endsWith('.test.ts'))
    const left = tests.filter((file) => !testFiles.some((glob) => matchesGlob(file, glob)))
    assert.deepEqual(left, [])
  })
})
