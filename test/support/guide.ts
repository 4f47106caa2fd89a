import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** A page of the guide as what a reader does with it, in order. */
export type GuideStep =
  | { kind: 'file'; path: string; text: string }
  /** `expected`: what the page says comes out, `…` for anything; null where it says nothing. */
  | { kind: 'shell'; script: string; line: number; expected: string | null }

/**
 * Blocks after `<!-- file: path -->` are files; ```sh blocks are typed, one after the other in one shell; a ```text block
 * right after one is its output. Other blocks are read only.
 */
export function guideSteps(markdown: string): GuideStep[] {
  const steps: GuideStep[] = []
  const blocks = markdown.matchAll(/(?:<!-- file: (\S+) -->\s*)?^```(\w*)\n([\s\S]*?)^```$/gm)
  for (const { 1: path, 2: language, 3: text = '', index } of blocks) {
    const last = steps.at(-1)
    if (path !== undefined) steps.push({ kind: 'file', path, text })
    else if (language === 'sh') {
      const line = markdown.slice(0, index).split('\n').length
      steps.push({ kind: 'shell', script: text, line, expected: null })
    } else if (language === 'text' && last?.kind === 'shell') last.expected = text
  }
  return steps
}

/** What a step printed, both streams. */
export interface Typed {
  script: string
  line: number
  expected: string | null
  output: string
}

const timeoutMs = 120_000
const mark = '--- next step ---'

/**
 * Writes the files and types the blocks in `folder`, in one bash that goes on after a command that fails, as a reader
 * does. Files are written before anything is typed. Throws where the shell does not end in time.
 */
export async function typeGuide(
  steps: readonly GuideStep[],
  folder: string,
  prelude: string,
): Promise<Typed[]> {
  const typed = steps.filter((step) => step.kind === 'shell')
  const parts: string[] = [prelude]
  for (const step of steps) {
    if (step.kind === 'file') {
      const draft = join(folder, '.drafts', step.path)
      await mkdir(dirname(draft), { recursive: true })
      await writeFile(draft, step.text)
      parts.push(`mkdir -p "$(dirname ${step.path})" && cp ${draft} ${step.path}`)
    } else parts.push(`echo; echo '${mark}'`, step.script)
  }
  const output = await bash(parts.join('\n'), folder)
  const [, ...outputs] = output.split(`\n${mark}\n`)
  return typed.map((step, i) => Object.assign(step, { output: outputs[i] ?? '' }))
}

/** The first line of `expected` that the output has not, after the ones before it; null where all are there. */
export function missingLine(expected: string, output: string): string | null {
  const lines = output.split('\n').values()
  for (const wanted of expected.split('\n')) {
    const line = wanted.trim()
    if (line === '' || line === '…') continue
    const parts = line
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    const pattern = new RegExp(`^${parts.join('.*').replace(/\s+/g, String.raw`\s+`)}$`)
    if (!lines.some((one) => pattern.test(one.trim()))) return line
  }
  return null
}

async function bash(script: string, cwd: string): Promise<string> {
  const child = spawn('bash', ['-c', `exec 2>&1\n${script}`], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (part) => (output += part))
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  const [status] = await once(child, 'close')
  clearTimeout(timer)
  if (status === null) throw new Error(`The guide did not end in ${timeoutMs} ms:\n${output}`)
  return output
}
