import type { SettingName } from '../../config.ts'
import { fail } from '../../domain/failure.ts'
import { nearestName } from '../../domain/nearest-name.ts'
import type { Command, CommandCall } from '../command.ts'
import { checkPlugin } from '../plugin/check-plugin.ts'
import { pushPlugin } from '../plugin/push-plugin.ts'
import { runPlugin } from '../plugin/run-plugin.ts'
import { writeStarter } from '../plugin/write-starter.ts'
import { serverSettings } from '../reach-server.ts'

const pluginSettings: readonly SettingName[] = [
  'python',
  'pluginTier',
  'pluginInstall',
  'pluginNetwork',
]

/** A plugin's way from an empty folder to a namespace. Everything but `push` needs no server. */
export const plugin: Command = {
  name: 'plugin',
  summary: 'Start a plugin, check it as the server does, run it on texts, push it to a namespace.',
  arguments: [
    { name: 'action', summary: 'init, check, run or push', required: true },
    { name: 'folder', summary: "the plugin's folder (default: this one)", required: false },
  ],
  flags: [
    { flags: '--name <name>', summary: "init: the plugin's name (default: the folder's)" },
    { flags: '--text <text>', summary: 'run: a text to run it on' },
    { flags: '--input <file>', summary: 'run: a text or JSON a line; - is standard input' },
    { flags: '--query <text>', summary: 'run: also search the texts for this one' },
    { flags: '--parameters <json>', summary: "run: a collection's parameters for it" },
    { flags: '--namespace <namespace>', summary: 'push: id or name (default: the only one)' },
    { flags: '--no-deploy', summary: 'push: upload and check only' },
  ],
  settings: [...serverSettings, ...pluginSettings],
  async run(call) {
    const [action = '', folder] = call.arguments
    const act = Object.hasOwn(actions, action) ? actions[action] : undefined
    if (!act) throw unknownAction(action)
    await act(call, folder)
  },
}

type Action = (call: CommandCall, folder: string | undefined) => Promise<void>

const actions: Readonly<Record<string, Action>> = {
  init: initPlugin,
  check: checkPlugin,
  run: runPlugin,
  push: pushPlugin,
}

async function initPlugin(call: CommandCall, folder = '.'): Promise<void> {
  const { name } = call.flags
  const written = await writeStarter(folder, typeof name === 'string' ? name : undefined)
  if (call.isJson) return call.print(JSON.stringify({ written }))
  for (const path of written) call.print(`  ${path}`)
  call.print(`Next: nacre plugin check ${folder}`)
}

function unknownAction(action: string) {
  const names = Object.keys(actions)
  const near = nearestName(action, names)
  const meant = near === null ? names.join(', ') : `did you mean ${near}?`
  return fail('bad_request', { reason: `'${action}' is nothing to do with a plugin: ${meant}` })
}
