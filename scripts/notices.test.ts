import assert from 'node:assert/strict'
import { access } from 'node:fs/promises'
import { test } from 'node:test'
import edgeCrates from '../edge/crates.json' with { type: 'json' }
import launcherCrates from '../launcher/crates.json' with { type: 'json' }

test('each crate in the addon and the launcher has a licence that allows it, whose text the notices print', async () => {
  const wanted = new Set(
    [...edgeCrates, ...launcherCrates].map(({ license }) => chosenLicence(license)),
  )

  const missing = await Promise.all(
    [...wanted].map(async (name) => ((await hasText(name)) ? [] : [name])),
  )

  assert.deepEqual(missing.flat(), [])
})

/** Of a choice the one the notices say is taken; of several that all hold, the first that is not Apache-2.0. */
function chosenLicence(expression: string): string {
  const all = expression.replaceAll(/[()]/g, '').split(' AND ')
  const chosen = all.map((choice) => {
    const offered = choice.split(/ OR |\s*\/\s*/)
    return offered.find((one) => one === 'Apache-2.0') ?? offered.find((one) => one !== 'Unlicense')
  })
  return chosen.find((one) => one !== 'Apache-2.0') ?? 'Apache-2.0'
}

async function hasText(licence: string): Promise<boolean> {
  const path = licence === 'Apache-2.0' ? '../LICENSE' : `./licences/${licence}.txt`
  return access(new URL(path, import.meta.url)).then(
    () => true,
    () => false,
  )
}
