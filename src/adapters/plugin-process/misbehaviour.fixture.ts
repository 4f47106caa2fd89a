import type { ExtractionFailureType } from '../../ports/extractor-runtime.ts'

/** What a plugin does when it comes to its bad row, and what becomes of that row. */
export interface Misbehaviour {
  name: string
  /** Python, run where the bad row is in the `batch`; `bads` says of each row whether it is the one. */
  step: string
  before?: string
  outcome:
    | { type: ExtractionFailureType | readonly ExtractionFailureType[]; message: RegExp }
    | { skipped: RegExp }
    /** It is let do it: the row is written, with so many documents. */
    | { documents: number }
  /** Held off by a wall of the kernel: tier `process` may lack it. */
  isWalled?: true
  /** It ends its process, or leaves it spoiled: it has a plugin of its own. */
  isFatal?: true
  /** What is wrong with the frame as a whole is wrong with the other row too. */
  spoilsBatch?: true
}

const refused = /PermissionError/

export const misbehaviours: readonly Misbehaviour[] = [
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
    outcome: { type: 'runtime', message: /Too many open files/ },
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

  // Others
  {
    name: 'is a fork bomb',
    before: 'import os',
    step: 'while True: os.fork()',
    outcome: { type: 'runtime', message: refused },
    isWalled: true,
  },
  {
    name: 'runs another program',
    before: 'import subprocess',
    step: 'subprocess.run(["/bin/sh", "-c", "true"])',
    outcome: { type: 'runtime', message: refused },
    isWalled: true,
  },
  {
    name: 'becomes another program',
    before: 'import os',
    step: 'os.execv("/bin/sh", ["sh"])',
    outcome: { type: 'runtime', message: refused },
    isWalled: true,
  },
  {
    name: 'kills its parent',
    before: 'import os',
    step: 'os.kill(os.getppid(), 9)',
    outcome: { type: 'runtime', message: refused },
    isWalled: true,
  },
  {
    name: 'kills everything it can',
    before: 'import os',
    step: 'os.kill(-1, 9)',
    outcome: { type: 'runtime', message: refused },
    isWalled: true,
  },
  {
    name: "reads its parent's environment",
    before: 'import os',
    step: 'open(f"/proc/{os.getppid()}/environ").read()',
    outcome: { type: 'runtime', message: refused },
    isWalled: true,
  },

  // Files and network
  {
    name: 'reads outside of its folder',
    step: 'open("/etc/passwd").read()',
    outcome: { type: 'runtime', message: refused },
    isWalled: true,
  },
  {
    name: 'lists the folder of all plugins',
    before: 'import os',
    step: 'os.listdir("..")',
    outcome: { type: 'runtime', message: refused },
    isWalled: true,
  },
  {
    name: 'writes outside of its folder',
    step: 'open("/tmp/nacre-misbehaviour", "w").write("here")',
    outcome: { type: 'runtime', message: refused },
    isWalled: true,
  },
  {
    name: 'changes its own code',
    step: 'open("pipeline.py", "a").write("#")',
    outcome: { type: 'runtime', message: refused },
    isWalled: true,
  },
  {
    name: 'deletes its files',
    before: 'import shutil',
    step: 'shutil.rmtree(".")',
    outcome: { type: 'runtime', message: refused },
    isWalled: true,
  },
  {
    name: 'links to a file of others',
    before: 'import os, tempfile',
    step: 'os.symlink("/etc/passwd", os.path.join(tempfile.gettempdir(), "link"))',
    outcome: { type: 'runtime', message: refused },
    isWalled: true,
  },
  {
    name: 'connects to the server',
    before: 'import socket',
    step: 'socket.create_connection(("127.0.0.1", 8686))',
    outcome: {
      type: 'runtime',
      message: /PermissionError.*plugins have no network unless the operator grants it/,
    },
    isWalled: true,
  },
  {
    name: 'asks the internet',
    before: 'import urllib.request',
    step: 'urllib.request.urlopen("http://192.0.2.1/")',
    outcome: { type: 'network', message: /plugins have no network/ },
    isWalled: true,
  },

  // Its channel to the server
  { name: 'prints to stdout', step: 'print("{}" * 100_000)', outcome: { documents: 1 } },
  {
    name: 'writes to stdout without Python knowing',
    before: 'import os',
    step: 'os.write(1, b"\\0\\0\\0\\2{}")',
    outcome: { documents: 1 },
  },
  {
    name: 'logs without end',
    isFatal: true,
    before: 'import os',
    step: 'while True: os.write(2, bytes(65536))',
    outcome: { type: 'resource', message: /into its log|CPU time|longer than/ },
  },
  {
    name: 'writes garbage to everything that is open',
    isFatal: true,
    before: 'import os',
    step: garbage('b"garbage" * 100'),
    outcome: { type: 'resource', message: /its answer has \d+ bytes/ },
  },
  {
    name: 'writes what looks like an answer',
    isFatal: true,
    before: 'import os',
    step: garbage('b"\\0\\0\\0\\x15" + b\'{"id": 999,"ok": true}\''),
    outcome: {
      type: 'validation',
      message: /its answer is not one to the call|it wrote more than its answer/,
    },
  },
  {
    name: 'spoils what makes its answer',
    isFatal: true,
    before: 'import json',
    step: 'json.dumps = lambda *_, **__: "no json"',
    outcome: { type: 'validation', message: /its answer is not JSON/ },
  },
  {
    name: 'closes stdin and stdout',
    isFatal: true,
    before: 'import os',
    step: 'os.close(0); os.close(1)',
    outcome: { documents: 1 },
  },
  {
    name: 'closes everything',
    isFatal: true,
    before: 'import os',
    step: 'os.closerange(0, 256)',
    outcome: { type: 'runtime', message: /its process ended/ },
  },
  {
    name: 'changes its folder',
    isFatal: true,
    before: 'import os',
    step: 'os.chdir("/")',
    outcome: { documents: 1 },
  },

  // Its answer
  {
    name: 'answers NaN',
    step: vector('[float("nan")] * 4'),
    outcome: { type: 'validation', message: /v holds nan at 0; every number must be finite/ },
  },
  {
    name: 'answers infinity',
    step: vector('[1.0, 2.0, float("inf"), 0.0]'),
    outcome: { type: 'validation', message: /v holds inf at 2/ },
  },
  {
    name: 'answers a vector of another length',
    step: vector('[1.0] * 3'),
    outcome: { type: 'validation', message: /v has 3 dimensions, the manifest declares 4/ },
  },
  {
    name: 'answers a vector of words',
    step: vector('["one"] * 4'),
    outcome: { type: 'validation', message: /v holds str, expected numbers/ },
  },
  {
    name: 'answers None for the frame',
    step: 'return None',
    outcome: { type: 'validation', message: /returned NoneType, expected a DataFrame/ },
    spoilsBatch: true,
  },
  {
    name: 'answers nothing',
    step: 'batch = batch[[not bad for bad in bads]]',
    outcome: { skipped: /no output row for this input row/ },
  },
  {
    name: 'answers twice',
    before: 'import pandas',
    step: 'batch = pandas.concat([batch, batch[bads]])',
    outcome: { documents: 2 },
  },
  {
    name: 'answers a huge row',
    isFatal: true,
    step: 'batch["story"] = ["x" * 2**22 if bad else "" for bad in bads]',
    outcome: { type: 'resource', message: /its answer has \d+ bytes, at most 1048576/ },
  },
  {
    name: 'answers a million values',
    isFatal: true,
    step: 'batch["numbers"] = [[1] * 520_000 if bad else [] for bad in bads]',
    outcome: { type: 'resource', message: /its answer has/ },
  },
  {
    name: 'answers what holds itself',
    step: 'loop = []; loop.append(loop); batch["loop"] = [loop if bad else None for bad in bads]',
    outcome: { type: 'validation', message: /nested more than 64 deep/ },
  },
  {
    name: 'answers bytes',
    step: 'batch["thumbnail"] = [b"png" if bad else None for bad in bads]',
    outcome: { type: 'validation', message: /column thumbnail holds .*bytes/ },
  },
  {
    name: 'answers under the names of the system',
    step: 'batch["_internal.collection_id"] = "another"; batch["namespace_id"] = "another"',
    outcome: { type: 'validation', message: /collides with the system's field/ },
    spoilsBatch: true,
  },
]

function garbage(bytes: string): string {
  return `
    for number in range(3, 64):
        try:
            os.write(number, ${bytes})
        except OSError:
            pass
  `
}

function vector(value: string): string {
  return `batch["v"] = [${value} if bad else [1.0] * 4 for bad in bads]`
}
