import type { Misbehaviour } from './misbehaviour.fixture.ts'

/** With what it uses, and with its end. */
export const misbehavingUses: readonly Misbehaviour[] = [
  // Time, CPU, memory, disk
  {
    name: 'loops for ever',
    isFatal: true,
    step: 'while True: pass',
    outcome: { type: 'resource', message: /more than 2 s of CPU time|longer than/ },
  },
  {
    name: 'sleeps',
    isFatal: true,
    before: 'import time',
    step: 'time.sleep(60)',
    outcome: { type: 'resource', message: /longer than \d+ ms/ },
  },
  {
    name: 'stops its own process',
    isFatal: true,
    before: 'import os, signal',
    step: 'os.kill(os.getpid(), signal.SIGSTOP)',
    outcome: { type: 'resource', message: /longer than \d+ ms/ },
  },
  {
    name: 'asks for 10 GB',
    isFatal: true,
    step: 'bytearray(10 * 2**30)',
    outcome: { type: 'resource', message: /MemoryError/ },
  },
  {
    name: 'eats memory bit by bit',
    isFatal: true,
    before: 'kept = []',
    step: 'while True: kept.append(bytearray(2**24))',
    outcome: { type: 'resource', message: /MemoryError|of memory/ },
  },
  {
    name: 'starts threads without end',
    isFatal: true,
    before: 'import threading, time',
    step: 'while True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()',
    outcome: {
      type: ['resource', 'runtime'],
      message: /more than 64 threads|can't start new thread/,
    },
  },
  {
    name: 'works in a thread after its answer',
    isFatal: true,
    before: 'import threading\ndef work():\n    while True: sum(range(10000))',
    step: 'threading.Thread(target=work, daemon=True).start()',
    outcome: { documents: 1 },
  },
  {
    name: 'writes one large file',
    before: 'import os, tempfile',
    step: 'open(os.path.join(tempfile.gettempdir(), "large"), "wb").write(bytes(2**25))',
    outcome: { type: 'runtime', message: /OSError.*File too large/ },
  },
  {
    name: 'fills the disk with many files',
    isFatal: true,
    before: 'import itertools, os, tempfile',
    step: `
      for number in itertools.count():
          with open(os.path.join(tempfile.gettempdir(), str(number % 64)), "wb") as file:
              file.write(bytes(2**20))
    `,
    outcome: { type: 'resource', message: /of files|longer than|CPU time/ },
  },
  {
    name: 'opens files without end',
    isFatal: true,
    before: 'import os\nkept = []',
    step: 'while True: kept.append(open(os.path.realpath(__file__)))',
    outcome: { type: 'resource', message: /Too many open files/ },
  },
  {
    name: 'recurses until its stack is gone',
    isFatal: true,
    before: 'import sys\nsys.setrecursionlimit(10**9)\ndef deeper(n): return deeper([n])',
    step: 'deeper(0)',
    outcome: {
      type: 'resource',
      message: /MemoryError|of memory|CPU time|longer than|SIGSEGV|RecursionError/,
    },
  },

  // Its end
  {
    name: 'raises',
    step: 'raise ValueError("no")',
    outcome: { type: 'runtime', message: /ValueError: no \(pipeline\.py:\d+\)/ },
  },
  {
    name: 'raises what is no Exception',
    isFatal: true,
    step: 'raise KeyboardInterrupt',
    outcome: { type: 'runtime', message: /KeyboardInterrupt|ended with code/ },
  },
  {
    name: 'calls sys.exit',
    before: 'import sys',
    step: 'sys.exit(0)',
    outcome: { type: 'runtime', message: /SystemExit/ },
  },
  {
    name: 'calls os._exit',
    isFatal: true,
    before: 'import os',
    step: 'os._exit(3)',
    outcome: { type: 'runtime', message: /ended with code 3/ },
  },
  {
    name: 'aborts',
    isFatal: true,
    before: 'import os',
    step: 'os.abort()',
    outcome: { type: 'runtime', message: /SIGABRT/ },
  },
  {
    name: 'reads memory that is not its own',
    isFatal: true,
    before: 'import ctypes',
    step: 'ctypes.string_at(0)',
    outcome: { type: 'runtime', message: /SIGSEGV/ },
  },
  {
    name: 'kills itself',
    isFatal: true,
    before: 'import os',
    step: 'os.kill(os.getpid(), 9)',
    outcome: { type: 'runtime', message: /SIGKILL/ },
  },
]
