import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import { openEmbeddedPostgres } from './open-embedded-postgres.ts'

const isRoot = process.getuid?.() === 0
const fixture = fileURLToPath(new URL('run-postgres.fixture.ts', import.meta.url))
let parent: string
/** One cluster for most tests, opened by each of them: initdb takes seconds. */
let folder: string

describe('openEmbeddedPostgres()', () => {
  before(async () => {
    parent = await mkdtemp(join(tmpdir(), 'nacre-epg-'))
    folder = join(parent, 'postgres')
  })
  after(() => rm(parent, { recursive: true, force: true }))

  test('serves UTF-8 over a socket of its own, in a parent of mode 0700, whoever runs it', async () => {
    await using server = await open()

    const { rows } = await query(
      server.url,
      `select current_setting('server_encoding') as encoding, current_setting('listen_addresses') as tcp,
        datcollate as collation, upper('é') as upper from pg_database where datname = current_database()`,
    )

    assert.equal((await stat(parent)).mode & 0o777, 0o700)
    assert.deepEqual(rows, [{ encoding: 'UTF8', tcp: '', collation: 'C.UTF-8', upper: 'É' }])
    await query(server.url, 'create table kept (n int)')
  })

  test('what was committed is there after it is closed and opened again', async () => {
    const first = await open()
    await query(first.url, 'insert into kept values (1)')
    await first[Symbol.asyncDispose]()

    await using second = await open()

    assert.equal(await total(second.url), 1)
  })

  test('a server whose process is killed ends by itself, and the next start has what was committed', async () => {
    const process1 = await start(folder)
    await query(process1.url, 'insert into kept values (2)')
    const postmaster = await postmasterOf(folder)

    await kill(process1.child)
    await gone(postmaster)
    await using second = await open()

    assert.equal(await total(second.url), 2)
  })

  test('a postmaster left running, since the process and its guard were killed at once, is stopped first', async () => {
    const { child, url } = await start(folder)
    await query(url, 'insert into kept values (3)')
    const postmaster = await postmasterOf(folder)
    // Stopped, the guard cannot do its work before it is killed as well.
    const guards = await ancestorsOf(postmaster, child.pid ?? 0)
    for (const guard of guards) process.kill(guard, 'SIGSTOP')
    await kill(child)
    for (const guard of guards) process.kill(guard, 'SIGKILL')
    assert.ok(await isAlive(postmaster))

    await using second = await open()

    assert.equal(await isAlive(postmaster), false)
    assert.equal(await total(second.url), 3)
  })

  test('a killed postmaster whose backends are busy, its process killed too, does not hinder the next start', async () => {
    const { child, url } = await start(folder)
    await query(url, 'insert into kept values (4)')
    const busy = new pg.Client({ connectionString: url })
    busy.on('error', () => {})
    await busy.connect()
    // Work that looks at nothing: such a backend notices the loss of its postmaster late.
    const endless = busy.query(`do $$ begin loop perform sqrt(2); end loop; end $$`)
    endless.catch(() => {})
    const postmaster = await postmasterOf(folder)

    process.kill(postmaster, 'SIGKILL')
    await kill(child)
    await using second = await open()

    assert.equal(await total(second.url), 4)
    await busy.end().catch(() => {})
  })

  test('a postmaster that dies alone is started again, without its process', async () => {
    await using server = await open()
    await query(server.url, 'insert into kept values (5)')
    const postmaster = await postmasterOf(folder)

    process.kill(postmaster, 'SIGKILL')
    await until(async () => (await postmasterOf(folder).catch(() => postmaster)) !== postmaster)
    await until(async () => (await total(server.url).catch(() => -1)) === 5)
  })

  test('a postmaster that cannot be started again for a while is there when it can', async () => {
    await using server = await open()
    const postmaster = await postmasterOf(folder)
    const control = join(folder, 'data', 'global', 'pg_control')
    await rename(control, `${control}.away`)

    process.kill(postmaster, 'SIGKILL')
    await gone(postmaster)
    // Long enough for several tries.
    await sleep(2_000)
    await assert.rejects(query(server.url, 'select 1'))
    await rename(`${control}.away`, control)

    await until(async () => (await total(server.url).catch(() => -1)) === 5)
  })

  test('a postmaster.pid that names a living stranger is removed, and the stranger lives on', async () => {
    const stranger = spawn('sleep', ['60'])
    await writeFile(
      join(folder, 'data', 'postmaster.pid'),
      `${stranger.pid}\n${join(folder, 'data')}\n`,
    )

    await using server = await open()

    assert.equal(await total(server.url), 5)
    assert.equal(stranger.exitCode, null)
    stranger.kill()
  })

  test('a folder whose path no socket can have is served on loopback, behind a password', async () => {
    const deep = join(parent, 'x'.repeat(110), 'postgres')
    await using server = await openEmbeddedPostgres({ folder: deep, log: silentLogger })

    const url = new URL(server.url)
    assert.equal(url.hostname, '127.0.0.1')
    assert.ok(url.password.length >= 32)
    assert.equal((await query(server.url, 'select 1 as one')).rowCount, 1)
    url.password = 'wrong'
    await assert.rejects(query(url.href, 'select 1'), /password/)
  })

  test('an initdb that was killed half-way leaves nothing that hinders', async () => {
    const fresh = join(parent, 'half')
    await mkdir(join(fresh, 'data.new-0bad'), { recursive: true })
    await writeFile(join(fresh, 'data.new-0bad', 'PG_VERSION'), '18\n')

    await using server = await openEmbeddedPostgres({ folder: fresh, log: silentLogger })

    assert.equal((await query(server.url, 'select 1 as one')).rowCount, 1)
    assert.deepEqual(
      (await readdir(fresh)).filter((name) => name.startsWith('data')),
      ['data'],
    )
  })

  for (const [who, uid] of [
    ['a user with a name', 65_534],
    ['a user without a name', 12_345],
  ] as const) {
    const skip = isRoot ? false : 'only root can start a process as somebody else'
    test(`runs as ${who}, too`, { skip }, async () => {
      const theirs = await mkdtemp(join(tmpdir(), 'nacre-epg-user-'))
      try {
        await chown(theirs, uid, uid)
        await chmod(theirs, 0o700)
        const { child, url } = await start(join(theirs, 'postgres'), uid)

        // Only its own user reaches the socket, and root.
        const { rows } = await query(url, 'select 1 as one')

        assert.deepEqual(rows, [{ one: 1 }])
        const { uid: owner } = await stat(join(theirs, 'postgres', 'data', 'PG_VERSION'))
        assert.equal(owner, uid)
        child.stdin?.end()
        await once(child, 'exit')
        const again = await start(join(theirs, 'postgres'), uid)
        await kill(again.child)
      } finally {
        await sleep(0)
        await rm(theirs, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
      }
    })
  }
})

function open() {
  return openEmbeddedPostgres({ folder, log: silentLogger })
}

async function query(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query(text)
  } finally {
    await client.end()
  }
}

async function total(url: string): Promise<number> {
  const { rows } = await query(url, 'select count(*)::int as n from kept')
  return Number(rows[0]?.n)
}

/** A process of its own that serves the folder; as root possibly another user's. */
async function start(served: string, uid?: number): Promise<{ child: ChildProcess; url: string }> {
  const { PATH, TMPDIR } = process.env
  const child = spawn(process.execPath, [fixture, served], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
    // Without LANG initdb would choose SQL_ASCII.
    env: { PATH, TMPDIR },
    ...(uid !== undefined && { uid, gid: uid }),
  })
  for await (const url of createInterface({ input: child.stdout })) return { child, url }
  throw new Error('it ended before it served')
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function postmasterOf(served: string): Promise<number> {
  const [pid] = (await readFile(join(served, 'data', 'postmaster.pid'), 'utf8')).split('\n')
  return Number(pid)
}

/** The processes between a process and the one that started it all. */
async function ancestorsOf(pid: number, until: number): Promise<number[]> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const above = Number(/^PPid:\s*(\d+)/m.exec(status)?.[1])
  return above <= 1 || above === until ? [] : [above, ...(await ancestorsOf(above, until))]
}

/** A zombie that nobody has reaped is gone. */
async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return /^State:\s*[^ZX\s]/m.test(status)
}

async function gone(pid: number): Promise<void> {
  await until(async () => !(await isAlive(pid)))
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, 'it came true in time')
    await sleep(20)
  }
}
