import type { Misbehaviour } from './misbehaviour.fixture.ts'

const refused = /PermissionError/

/** Towards what is not its own. */
export const misbehavingReach: readonly Misbehaviour[] = [
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
]
