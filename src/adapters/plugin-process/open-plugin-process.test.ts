import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  manifestOf,
  noPlugins,
  openTestPlugins,
  packPlugin,
} from '../../../test/support/plugins.ts'
import { isFailure } from '../../domain/failure.ts'
import { pluginHostContract } from '../../ports/plugin-host.contract.ts'

pluginHostContract('PluginProcess', {
  skip: await noPlugins(),
  open: () => openTestPlugins({ NACRE_PLUGIN_START_MS: '8000', NACRE_PLUGIN_CPU_SECONDS_MAX: '2' }),
})

describe('a machine without Python', () => {
  test('says so, with what to install, and refuses plugins alone', async () => {
    await using plugins = await openTestPlugins({ NACRE_PYTHON: 'no-python-of-this-name' })
    const { hash } = await plugins.blobs.put(
      packPlugin({ 'manifest.py': manifestOf('any'), 'pipeline.py': '' }),
    )

    const { python, problem } = await plugins.host.describe()

    assert.equal(python, null)
    assert.match(problem ?? '', /no-python-of-this-name: not there.*Install Python 3\.10 or later/)
    await assert.rejects(
      plugins.host.inspect(hash),
      (error) => isFailure(error, 'plugins_unavailable') && error.detail.reason === problem,
    )
  })
})
