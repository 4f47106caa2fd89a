import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { noKernelTier, openPlace, users } from './confined.ts'
import type { Place } from './confined.ts'
import { launcherArguments } from './policy.ts'

/** Numbers of system calls are those of this processor. */
const x64 = process.arch === 'x64'
const skip = await noKernelTier()

for (const user of users) {
  describe(`behind the launcher, tier kernel, ${user.title}`, { skip }, () => {
    let place: Place
    before(async () => {
      place = await openPlace(user)
    })
    after(() => place[Symbol.asyncDispose]())

    async function assertAll(outcome: string, statements: string[]): Promise<void> {
      const expected = Object.fromEntries(statements.map((statement) => [statement, outcome]))
      assert.deepEqual(await place.outcomes(statements), expected)
    }

    test('where there is no launcher, nothing refuses what it refuses', async () => {
      const code = `import os, signal, socket
open('secret').read(); os.chmod('secret', 0o600); os.kill(os.getppid(), 0)
socket.socket(socket.AF_INET, socket.SOCK_STREAM); os.memfd_create('hidden')
os.fork() or os._exit(0)`
      const line = ['-I', '-c', `import os; os.chdir(${JSON.stringify(place.folder)})\n${code}`]
      const shell = ['-c', '"$@" && echo done', 'sh', place.python.program, ...line]
      const { stdout, stderr } = await place.unconfined('/bin/sh', shell)
      assert.deepEqual({ stdout, stderr }, { stdout: 'done\n', stderr: '' })
    })

    test('no process is started', async () => {
      await assertAll('EPERM', [
        'os.fork()',
        'os.posix_spawn(sys.executable, ["python"], {})',
        'subprocess.run([sys.executable, "-c", ""])',
        'subprocess.run([sys.executable, "-c", ""], preexec_fn=lambda: None)',
      ])
    })

    test('nothing is executed that is not named, and files it wrote are not either', async () => {
      const written = JSON.stringify(join(place.folder, 'out', 'program'))
      const statements = [
        'os.execv("/bin/true", ["true"])',
        `open(${written}, "w").write("#!/bin/sh")`,
        `os.execv(${written}, ["program"])`,
      ]
      assert.deepEqual(Object.values(await place.outcomes(statements)), [
        'EACCES',
        'done',
        'EACCES',
      ])
    })

    test('there is no socket to reach anyone with', async () => {
      await assertAll('EPERM', [
        'socket.socket(socket.AF_INET, socket.SOCK_STREAM)',
        'socket.socket(socket.AF_INET, socket.SOCK_DGRAM)',
        'socket.socket(socket.AF_INET6, socket.SOCK_STREAM)',
        'socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)',
        'socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)',
        'socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)',
        'socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)',
        'socket.create_connection(("127.0.0.1", 9))',
        'socket.socketpair()[0].sendmsg([b"x"])',
      ])
    })

    test('with network it reaches the internet protocols, and no Unix socket', async () => {
      const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const connect = `assert socket.create_connection(("127.0.0.1", ${port})).recv(5) == b"hello"`
      const unix = 'socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)'

      const outcomes = await place.outcomes([connect, unix], { network: true })

      server.close()
      assert.deepEqual(outcomes, { [connect]: 'done', [unix]: 'EPERM' })
    })

    test('what it may read it reads, what it may write it writes', async () => {
      const result = await place.run(
        `data = open('own/data.txt').read()
open('out/result.txt', 'w').write(data + ' too')
import os; os.mkdir('out/sub'); os.rename('out/result.txt', 'out/sub/result.txt')
print(open('out/sub/result.txt').read())`,
      )
      assert.equal(result.stdout, 'mine too\n', result.stderr)
      assert.equal(readFileSync(join(place.folder, 'out/sub/result.txt'), 'utf8'), 'mine too')
    })

    test("files of the same user outside its folders are out of reach, its parent's memory too", async () => {
      await assertAll('EACCES', [
        'open("secret")',
        'open("secret", "a")',
        'os.truncate("secret", 0)',
        'os.remove("secret")',
        'os.rename("secret", "out/taken")',
        'os.listdir(".")',
        'open("own/data.txt", "a")',
        'open("own/new", "w")',
        'os.remove("own/data.txt")',
        'open(f"/proc/{os.getppid()}/environ")',
        'open(f"/proc/{os.getppid()}/mem", "r+b")',
        'open("/proc/self/environ")',
      ])
      assert.equal(readFileSync(join(place.folder, 'secret'), 'utf8'), 'of the server')
    })

    test('it leaves no link, FIFO or socket for the server to trip over', async () => {
      const outcomes = await place.outcomes([
        'os.symlink("../secret", "out/link")',
        'os.mkfifo("out/fifo")',
        'os.mknod("out/device", 0o600 | 0o020000, os.makedev(1, 3))',
        'os.link("secret", "out/hard")',
        'os.link("own/data.txt", "out/hard")',
      ])
      const allowed = new Set(['EACCES', 'EPERM', 'EXDEV'])
      assert.deepEqual(
        Object.entries(outcomes).filter(([, outcome]) => !allowed.has(outcome)),
        [],
      )
    })

    test('modes, owners and times of files stay, unless the policy grants all of them', async () => {
      const statements = [
        'os.chmod("secret", 0o644)',
        'os.chmod("out", 0o755)',
        'os.utime("secret", (0, 0))',
        'os.chown("secret", os.getuid(), -1)',
        'os.setxattr("secret", "user.x", b"1")',
      ]
      await assertAll('EPERM', statements)
      const granted = await place.outcomes(statements.slice(0, 4), { fileModes: true })
      assert.deepEqual([...new Set(Object.values(granted))], ['done'])
    })

    test('its parent, of the same user, is neither signalled nor limited nor slowed down', async () => {
      const pid = 'os.getppid()'
      const statements = [
        `os.kill(${pid}, signal.SIGKILL)`,
        `os.kill(-1, signal.SIGKILL)`,
        `os.killpg(os.getpgid(${pid}), signal.SIGKILL)`,
        `call(234, ${pid}, ${pid}, 9)`, // tgkill
        `call(200, ${pid}, 9)`, // tkill
        `signal.pidfd_send_signal(os.pidfd_open(${pid}), signal.SIGKILL)`,
        `__import__("fcntl").fcntl(0, __import__("fcntl").F_SETOWN, ${pid})`,
        `__import__("resource").prlimit(${pid}, __import__("resource").RLIMIT_CPU, (1, 1))`,
        `os.setpriority(os.PRIO_PROCESS, ${pid}, 19)`,
        `os.sched_setaffinity(${pid}, {0})`,
        `call(101, 16, ${pid}, 0, 0)`, // ptrace, PTRACE_ATTACH
      ]
      const confined = launcherArguments(place.policy(), place.python.program, [
        '-I',
        '-c',
        `import os, sys, signal, ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) == -1:
        raise OSError(ctypes.get_errno(), 'refused')
for attempt in sys.argv[1:]:
    try:
        exec(attempt)
        print('done', attempt)
    except PermissionError:
        pass`,
        ...(process.arch === 'x64'
          ? statements
          : statements.filter((one) => !one.startsWith('call'))),
      ])
      const { stdout, stderr } = await place.unconfined('/bin/sh', [
        '-c',
        '"$@"; echo the parent lives',
        'sh',
        place.launcher,
        ...confined,
      ])
      assert.deepEqual({ stdout, stderr }, { stdout: 'the parent lives\n', stderr: '' })
    })

    test('memory is not had beyond the limit, nor where the limit does not count it', async () => {
      const { stdout, status } = await place.run(
        `try:
    bytearray(10 * 2**30)
except MemoryError:
    print('refused')`,
      )
      assert.deepEqual({ stdout, status }, { stdout: 'refused\n', status: 0 })
      await assertAll('EPERM', [
        'os.memfd_create("hidden")',
        ...(x64 ? ['call(29, 0, 2**30, 0o1600)'] : []),
      ])
    })

    test('CPU time ends it, also where it does not listen', async () => {
      const limit = { cpuSeconds: 1 }
      const [listening, deaf] = await Promise.all([
        place.run('while True: pass', limit),
        place.run(
          'import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass',
          limit,
        ),
      ])
      assert.deepEqual([listening.signal, deaf.signal], ['SIGXCPU', 'SIGKILL'])
    })

    test('no file grows beyond the limit, and only so many are open at once', async () => {
      const fill = 'open("out/large", "wb").write(bytes(2**21))'
      const open = 'keep = [open("own/data.txt") for _ in range(100)]'
      assert.deepEqual(await place.outcomes([fill, open]), { [fill]: 'EFBIG', [open]: 'EMFILE' })
    })

    test('its limits cannot be raised', async () => {
      const outcomes = await place.run(
        `import resource
for name in ('RLIMIT_AS', 'RLIMIT_CPU', 'RLIMIT_NOFILE', 'RLIMIT_FSIZE', 'RLIMIT_CORE'):
    try:
        resource.setrlimit(getattr(resource, name), (-1, -1))
        print('raised', name)
    except ValueError:
        pass`,
      )
      assert.deepEqual(
        { stdout: outcomes.stdout, stderr: outcomes.stderr },
        { stdout: '', stderr: '' },
      )
    })

    test('its environment is what was given, and it inherits no open file', async () => {
      const env = { GREETING: 'grüß dich', EMPTY: '' }
      const code = `import os
print(sorted((k, v) for k, v in os.environ.items() if k != 'LC_CTYPE'))
for fd in range(3, 60):
    try:
        os.fstat(fd); print('open', fd)
    except OSError: pass
print(os.getcwd() == ${JSON.stringify(place.folder)}, os.getsid(0) == os.getpid(), oct(os.umask(0)))`
      const args = launcherArguments(place.policy({ env }), place.python.program, [
        '-I',
        '-c',
        code,
      ])
      const { stdout } = await place.unconfined('/bin/sh', [
        '-c',
        'exec 3</dev/null 9>&1; "$@"',
        'sh',
        place.launcher,
        ...args,
      ])
      assert.equal(stdout, "[('EMPTY', ''), ('GREETING', 'grüß dich')]\nTrue True 0o77\n")
    })

    test('it has no capability, can gain none, and every system call is filtered', async () => {
      const status = await ownFile('status')
      for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) {
        assert.match(status, new RegExp(`^${name}:\\t0+$`, 'm'))
      }
      assert.match(status, /^NoNewPrivs:\t1$/m)
      assert.match(status, /^Seccomp:\t2$/m)
    })

    test('it gives way to the server: later for the processor, first when memory runs out', async () => {
      assert.equal(await ownFile('oom_score_adj'), '1000\n')
      assert.equal((await ownFile('stat')).split(' ')[18], '10') // proc(5): nice
    })

    async function ownFile(name: string): Promise<string> {
      const readPaths = [...place.policy().readPaths, '/proc/self']
      const code = `print(open("/proc/self/${name}").read(), end="")`
      return (await place.run(code, { readPaths })).stdout
    }

    test('threads, event loops and pools of threads work as anywhere', async () => {
      const { stdout, stderr } = await place.run(`import asyncio, threading, hashlib
from concurrent.futures import ThreadPoolExecutor
threading.stack_size(8 * 2**20)
with ThreadPoolExecutor(16) as pool:
    print(len(set(pool.map(lambda n: hashlib.sha256(bytes(n)).hexdigest(), range(200)))))
async def main():
    loop = asyncio.get_running_loop()
    return await asyncio.gather(*(loop.run_in_executor(None, lambda n=n: n * n) for n in range(20)))
print(sum(asyncio.run(main())))
import os, signal
os.kill(os.getpid(), 0)
signal.pthread_kill(threading.main_thread().ident, signal.SIGCONT)`)
      assert.deepEqual({ stdout, stderr }, { stdout: '200\n2470\n', stderr: '' })
    })

    test('it dies with its parent, and cannot arrange not to', async () => {
      const code = `import ctypes, os, time
print(ctypes.CDLL(None).prctl(1, 0, 0, 0, 0), flush=True)
print(os.getpid(), flush=True)
time.sleep(60)`
      const args = launcherArguments(place.policy(), place.python.program, ['-I', '-c', code])
      const parent = place.spawn('/bin/sh', ['-c', '"$@"; true', 'sh', place.launcher, ...args])
      const [refused, pid] = await linesOf(parent, 2)
      assert.equal(refused, '-1')
      assert.ok(isRunning(Number(pid)))

      parent.kill('SIGKILL')

      const deadline = Date.now() + 5000
      while (isRunning(Number(pid)) && Date.now() < deadline) await setTimeout(10)
      assert.ok(!isRunning(Number(pid)))
    })

    test(
      'calls the filter has not heard of, and those of other architectures, do nothing',
      { skip: !x64 },
      async () => {
        await assertAll('ENOSYS', [
          'call(435, 0, 0)',
          'call(0x40000000 + 39)',
          'call(457)',
          'call(9999)',
        ])
        const { signal } = await place.run(`import ctypes, mmap
code = bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3])
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()`)
        assert.ok(signal === 'SIGSYS' || signal === 'SIGSEGV', String(signal))
      },
    )
  })
}

async function linesOf(child: ReturnType<Place['spawn']>, count: number): Promise<string[]> {
  let written = ''
  for await (const chunk of child.stdout ?? []) {
    written += String(chunk)
    if (written.split('\n').length > count) break
  }
  return written.split('\n')
}

function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z')
  } catch {
    return false
  }
}
