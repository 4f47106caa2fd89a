import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startServerProcess, type ServerProcess } from '../../src/cli/demo/server-process.ts'
import { runNacre } from '../support/process.ts'

describe('a server, from the command line', () => {
  let folder: string
  let server: ServerProcess

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nacre-cli-'))
    server = await startServerProcess(folder)
  })
  after(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  })

  test('serve keeps the admin key in a file that only its user reads, and the key works', async () => {
    const { mode } = await stat(join(folder, 'admin.key'))
    const response = await fetch(`${server.url}/v1/organizations`, {
      headers: { authorization: `Bearer ${server.key}` },
    })

    assert.equal(mode & 0o777, 0o600)
    assert.equal(response.status, 200)
  })

  test('a second server on the same folder and port stops with exit code 5 and names the port', async () => {
    const { port } = new URL(server.url)
    const { status, stderr } = await runNacre(['serve', '--data', folder, '--port', port])

    assert.equal(status, 5, stderr)
    assert.match(stderr, new RegExp(`nacre: Another program listens on .*:${port}.*NACRE_PORT`))
  })

  test('keys creates, lists and revokes over the API', async () => {
    const port = new URL(server.url).port
    const reach = ['--data', folder, '--port', port]

    const made = await runNacre([
      'keys',
      'create',
      'ci',
      '--permissions',
      'read',
      '--json',
      ...reach,
    ])
    const listed = await runNacre(['keys', 'list', ...reach])
    const revoked = await runNacre(['keys', 'revoke', 'ci', ...reach])

    assert.equal(made.status, 0, made.stderr)
    assert.match(JSON.parse(made.stdout).key, /^sk_/)
    assert.match(listed.stdout, /^ci\t/m)
    assert.equal(revoked.status, 0, revoked.stderr)
  })

  test('SIGKILL of the server leaves a folder that the next start opens, with the same key', async () => {
    process.kill(server.pid, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 200))
    const { key } = server
    server = await startServerProcess(folder)

    const response = await fetch(`${server.url}/v1/organizations`, {
      headers: { authorization: `Bearer ${key}` },
    })

    assert.equal(response.status, 200)
  })
})

test('a data folder of a newer version is refused before anything is opened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-newer-'))
  try {
    const server = await startServerProcess(folder)
    await server.stop()
    const path = join(folder, 'FORMAT')
    const written = JSON.parse(await readFile(path, 'utf8'))
    await writeFile(path, JSON.stringify({ ...written, format: 999 }))

    const { status, stderr } = await runNacre(['serve', '--data', folder, '--port', '0'])

    assert.equal(status, 5, stderr)
    assert.match(stderr, /newer/i)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  }
})

test('nacre --help names every command and exits 0', async () => {
  const { status, stdout } = await runNacre(['--help'])

  assert.equal(status, 0)
  for (const name of ['serve', 'worker', 'demo', 'keys', 'doctor'])
    assert.match(stdout, new RegExp(`\\b${name}\\b`))
})

test('a wrong setting stops the start with exit code 2, named with what would be right', async () => {
  const { status, stderr } = await runNacre(['serve', '--port', 'eighty'])

  assert.equal(status, 2)
  assert.match(stderr, /NACRE_PORT/)
})

test('worker where no server runs waits for one as long as it is told, then says what it needs', async () => {
  const folder = join(tmpdir(), 'nacre-nobody-serves')
  const { status, stderr } = await runNacre(['worker', '--data', folder, '--owner-wait-ms', '300'])

  assert.equal(status, 5)
  assert.match(stderr, /No nacre serve runs on .*nobody-serves.*DATABASE_URL and QDRANT_URL/)
  await assert.rejects(stat(folder), 'it makes no folder of its own')
})

test('doctor --json finds everything well on a fresh folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-doctor-'))
  try {
    const { status, stdout, stderr } = await runNacre([
      'doctor',
      '--json',
      '--data',
      folder,
      '--port',
      '0',
    ])

    const { findings } = JSON.parse(stdout)
    assert.deepEqual(
      findings.filter((finding: { isWell: boolean }) => !finding.isWell),
      [],
    )
    assert.equal(status, 0, stderr)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  }
})
