import type { Command } from './command.ts'
import { demo } from './commands/demo.ts'
import { demoIndexes } from './commands/demo-indexes.ts'
import { demoPlugins } from './commands/demo-plugins.ts'
import { doctor } from './commands/doctor.ts'
import { dump } from './commands/dump.ts'
import { indexes } from './commands/indexes.ts'
import { keys } from './commands/keys.ts'
import { load } from './commands/load.ts'
import { plugin } from './commands/plugin.ts'
import { reconfigure } from './commands/reconfigure.ts'
import { repair } from './commands/repair.ts'
import { serve } from './commands/serve.ts'
import { worker } from './commands/worker.ts'

/** Every verb; `--help` and the reference page are functions of this list. */
export const commands: readonly Command[] = [
  serve,
  worker,
  demo,
  demoIndexes,
  demoPlugins,
  plugin,
  indexes,
  reconfigure,
  dump,
  load,
  repair,
  keys,
  doctor,
]
