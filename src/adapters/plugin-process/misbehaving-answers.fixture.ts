import type { Misbehaviour } from './misbehaviour.fixture.ts'

/** With its channel to the server, and with what it answers. */
export const misbehavingAnswers: readonly Misbehaviour[] = [
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
