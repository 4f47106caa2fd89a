import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { noKernelTier, openPlace, users } from './confined.ts'
import type { Ended, Place } from './confined.ts'
import { launcherArguments, notStartedStatus } from './policy.ts'
import type { LauncherPolicy } from './policy.ts'

const skip = await noKernelTier()
const landlockCreateRuleset = 444
const closeRange = 436
const seccomp = process.arch === 'x64' ? 317 : 277

/** Python that takes a system call away from the program it becomes, as an older kernel would have it. */
const becomeWithout = `import ctypes, os, struct, sys
call, program, *arguments = sys.argv[1:]
load, equal, answer, allow, enosys = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000 | 38
rules = [(load, 0, 0, 0), (equal, 0, 1, int(call)), (answer, 0, 0, enosys), (answer, 0, 0, allow)]
code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *rule) for rule in rules))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, struct.pack('HxxxxxxQ', len(rules), ctypes.addressof(code)), 0, 0) == 0
os.execv(program, [program, *arguments])`

for (const user of users) {
  describe(`the launcher ${user.title}`, { skip }, () => {
    let place: Place
    before(async () => {
      place = await openPlace(user)
    })
    after(() => place[Symbol.asyncDispose]())

    function launcherWithout(call: number, args: string[]): Promise<Ended> {
      const line = ['-I', '-c', becomeWithout, String(call), place.launcher, ...args]
      return place.unconfined(place.python.program, line)
    }
    function runWithout(call: number, tier: LauncherPolicy['tier'], code: string): Promise<Ended> {
      const args = launcherArguments(place.policy({ tier }), place.python.program, [
        '-I',
        '-c',
        code,
      ])
      return launcherWithout(call, args)
    }

    test('measures the tier of this machine', async () => {
      const { stdout } = await place.unconfined(place.launcher, ['probe'])
      const { tier, landlockAbi, seccomp: filters, reasons } = JSON.parse(stdout)
      assert.equal(tier === 'kernel', reasons.length === 0)
      assert.equal(tier === 'kernel', landlockAbi >= 6 && filters)
    })

    test('on a kernel without Landlock the tier is process, and the reason says so', async () => {
      const { stdout } = await launcherWithout(landlockCreateRuleset, ['probe'])
      const { tier, landlockAbi, seccomp: filters, reasons } = JSON.parse(stdout)
      assert.deepEqual([tier, landlockAbi, filters], ['process', null, true])
      assert.match(reasons.join(), /no Landlock/)
    })

    test('on a kernel without filters of system calls the tier is process, and the reason says so', async () => {
      const { stdout } = await launcherWithout(seccomp, ['probe'])
      const { tier, seccomp: filters, reasons } = JSON.parse(stdout)
      assert.deepEqual([tier, filters], ['process', false])
      assert.match(reasons.join(), /filter of system calls cannot be applied/)
    })

    test('tier kernel starts nothing where a wall is missing', async () => {
      for (const call of [landlockCreateRuleset, seccomp]) {
        const result = await runWithout(call, 'kernel', 'print("started")')
        assert.deepEqual([result.status, result.stdout], [notStartedStatus, ''])
        assert.match(errorOf(result), /cannot be applied/)
      }
    })

    test('tier process has each wall that the kernel has', async () => {
      const code = `import os, resource
def refused(attempt):
    try:
        attempt()
        return False
    except PermissionError:
        return True
print(refused(os.fork), refused(lambda: open('secret')),
    resource.getrlimit(resource.RLIMIT_CORE), dict(os.environ).keys() <= {'LC_CTYPE'})`
      const [noLandlock, noFilter] = await Promise.all([
        runWithout(landlockCreateRuleset, 'process', code),
        runWithout(seccomp, 'process', code.replace('os.fork)', 'lambda: None)')),
      ])
      assert.equal(noLandlock.stdout, 'True False (0, 0) True\n', noLandlock.stderr)
      assert.equal(noFilter.stdout, 'False True (0, 0) True\n', noFilter.stderr)
    })

    test('inherited files are closed also where the call for that is missing', async () => {
      const code = `import os
for number in range(3, 30):
    try:
        print('open', number, os.fstat(number))
    except OSError:
        pass
print('looked')`
      const args = launcherArguments(place.policy(), place.python.program, ['-I', '-c', code])
      const line = ['-I', '-c', becomeWithout, String(closeRange), place.launcher, ...args]
      const shell = [
        '-c',
        'exec 3</dev/null 9</dev/null; "$@"',
        'sh',
        place.python.program,
        ...line,
      ]
      const { stdout } = await place.unconfined('/bin/sh', shell)
      assert.equal(stdout, 'looked\n')
    })

    test('what cannot be started is not, and one line says why', async () => {
      const { program } = place.python
      const refused: [Partial<LauncherPolicy> | string, string, RegExp][] = [
        ['{', program, /the policy is not valid: EOF/],
        [{ readPath: ['/'] } as Partial<LauncherPolicy>, program, /unknown field `readPath`/],
        [{ tier: 'none' as 'kernel' }, program, /unknown variant `none`/],
        [{ readPaths: ['lib'] }, program, /lib is not an absolute path/],
        [{ writePaths: [join(place.folder, 'none')] }, program, /none cannot be allowed/],
        [{ cwd: join(place.folder, 'none') }, program, /none cannot be entered/],
        [{ env: { 'A=B': '' } }, program, /cannot be the name of a variable/],
        [{ executePaths: [] }, program, /cannot be executed: Permission denied/],
        [{}, 'python3', /python3 is not an absolute path/],
        [{}, join(place.folder, 'none'), /none cannot be executed/],
      ]
      for (const [changes, path, reason] of refused) {
        const policy = typeof changes === 'string' ? changes : JSON.stringify(place.policy(changes))
        const result = await place.unconfined(place.launcher, [
          'run',
          policy,
          '--',
          path,
          '-c',
          'print(1)',
        ])
        assert.deepEqual([result.status, result.stdout], [notStartedStatus, ''], String(reason))
        assert.match(errorOf(result), reason)
      }
      assert.match(errorOf(await place.unconfined(place.launcher, ['run'])), /^usage:/)
    })

    test('a path to read that is not there grants nothing and stops nothing', async () => {
      const readPaths = [...place.policy().readPaths, join(place.folder, 'absent')]
      const { stdout } = await place.run('print("started")', { readPaths })
      assert.equal(stdout, 'started\n')
    })
  })
}

/** The one JSON line that stands on stderr. */
function errorOf({ stderr }: Ended): string {
  assert.match(stderr, /^\{.*\}\n$/)
  return JSON.parse(stderr).error
}
