import type { Config, SettingName } from '../config.ts'

/** A verb of the command line. `--help` is a function of this object. */
export interface Command {
  name: string
  summary: string
  arguments?: readonly { name: string; summary: string; required: boolean }[]
  flags?: readonly { flags: string; summary: string }[]
  /** Settings that this command takes as flags. */
  settings: readonly SettingName[]
  run(call: CommandCall): Promise<void>
}

export interface CommandCall {
  config: Config
  arguments: readonly (string | undefined)[]
  flags: Readonly<Record<string, unknown>>
  /** True with `--json`: one JSON document on standard output, nothing else. */
  isJson: boolean
  signal: AbortSignal
  print: (line: string) => void
}
