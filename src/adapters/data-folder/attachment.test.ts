import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { holdAttachment, whileNobodyAttached } from './attachment.ts'

const parents: string[] = []
after(async () => {
  for (const parent of parents) await rm(parent, { recursive: true, force: true })
})

describe('attachments to a data folder', () => {
  test('any number hold at once, and the last to go leaves the folder to its owner', async () => {
    const folder = await temporaryFolder()
    const [first, second] = [holdAttachment(folder), holdAttachment(folder)]

    assert.equal(await runsAlone(folder), false)
    first.release()
    assert.equal(await runsAlone(folder), false)
    second.release()
    assert.equal(await runsAlone(folder), true)
  })

  test('of a process that is killed ends with it', async () => {
    const folder = await temporaryFolder()
    const script = fileURLToPath(new URL('attach-folder.fixture.ts', import.meta.url))
    const guest = spawn(process.execPath, [script, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(guest.stdout, 'data')

    assert.equal(await runsAlone(folder), false)
    guest.kill('SIGKILL')
    await once(guest, 'exit')
    assert.equal(await runsAlone(folder), true)
  })

  test('what the owner does alone throws through, and holds nobody out afterwards', async () => {
    const folder = await temporaryFolder()

    await assert.rejects(
      whileNobodyAttached(folder, () => Promise.reject(new Error('disk full'))),
      /disk full/,
    )

    holdAttachment(folder).release()
  })
})

async function runsAlone(folder: string): Promise<boolean> {
  let ran = false
  const said = await whileNobodyAttached(folder, async () => void (ran = true))
  assert.equal(ran, said)
  return ran
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-attached-'))
  parents.push(folder)
  return folder
}
