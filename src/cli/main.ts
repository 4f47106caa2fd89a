import { Command as Program, CommanderError, Option } from 'commander'
import { enableCompileCache } from 'node:module'
import { readConfig, settings, type SettingName } from '../config.ts'
import { version } from '../product.ts'
import type { Command } from './command.ts'
import { commands } from './commands.ts'
import { exitCodeOf, explain } from './errors.ts'

enableCompileCache()

/** One program of the list of commands: flags are settings by another name, and win over the environment. */
async function main(argv: readonly string[]): Promise<void> {
  const program = new Program('nacre')
    .description('A self-hosted namespace server: objects in, answers out.')
    .version(version)
    .exitOverride()
  for (const command of commands) program.addCommand(subcommand(command))
  await program.parseAsync(argv)
}

function subcommand(command: Command): Program {
  const sub = new Program(command.name).description(command.summary).exitOverride()
  sub.option('--json', 'print one JSON document and nothing else', false)
  for (const { name, summary, required } of command.arguments ?? []) {
    sub.argument(required ? `<${name}>` : `[${name}]`, summary)
  }
  for (const { flags, summary } of command.flags ?? []) sub.option(flags, summary)
  for (const name of command.settings) sub.addOption(settingOption(name))
  return sub.action(async (...given: unknown[]) => {
    const flags: Record<string, unknown> = sub.opts()
    await run(command, given.slice(0, command.arguments?.length ?? 0).map(textOrAbsent), flags)
  })
}

async function run(
  command: Command,
  given: (string | undefined)[],
  flags: Record<string, unknown>,
): Promise<void> {
  const stop = new AbortController()
  const onSignal = () => stop.abort()
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  await command.run({
    config: readConfig({ ...process.env, ...settingsOf(command, flags) }),
    arguments: given,
    flags,
    isJson: flags['json'] === true,
    signal: stop.signal,
    print: (line) => process.stdout.write(`${line}\n`),
  })
}

/** `NACRE_DATA` → `--data`, `DATABASE_URL` → `--database-url`. */
function settingOption(name: SettingName): Option {
  const { variable, meaning } = settings[name]
  const flag = variable
    .toLowerCase()
    .replace(/^nacre_/, '')
    .replaceAll('_', '-')
  return new Option(`--${flag} <value>`, `${meaning} [${variable}]`)
}

function settingsOf(command: Command, flags: Record<string, unknown>): Record<string, string> {
  const given: Record<string, string> = {}
  for (const name of command.settings) {
    const value = flags[settingOption(name).attributeName()]
    if (typeof value === 'string') given[settings[name].variable] = value
  }
  return given
}

function textOrAbsent(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

try {
  await main(process.argv)
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    process.stderr.write(`${explain(error)}\n`)
    process.exitCode = exitCodeOf(error)
  }
}

// A native optimize has no cancel and would hold the process to its end; a kill mid-way loses nothing (design 7).
process.exit()
