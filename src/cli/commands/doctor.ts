import { fail } from '../../domain/failure.ts'
import { settings, type SettingName } from '../../config.ts'
import { examine, type Finding } from '../doctor/check.ts'
import { checksOf } from '../doctor/checks.ts'
import type { Command } from '../command.ts'

/** Looks at everything a start needs, says what is wrong and what to do. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'Check Node, data folder, disk, port, engine, database and model, and say what to do.',
  settings: Object.keys(settings) as SettingName[],
  async run({ config, isJson, print }) {
    const findings = await examine(checksOf(config))
    if (isJson) print(JSON.stringify({ findings }))
    else for (const finding of findings) print(lineOf(finding))
    const wrong = findings.filter((finding) => !finding.isWell).map((finding) => finding.name)
    if (wrong.length > 0) {
      throw fail('engine_unavailable', {
        engine: 'This machine',
        reason: `see ${wrong.join(', ')} above`,
      })
    }
  },
}

function lineOf({ name, isWell, found, remedy }: Finding): string {
  const line = `${isWell ? '✓' : '✗'} ${name.padEnd(12)} ${found}`
  return remedy === null ? line : `${line}\n  → ${remedy}`
}
