import { manifestOf, openTestPlugins, pipelineOf, textRows } from '../../../test/support/plugins.ts'

// Runs a plugin, says which process did, and stays until it is killed.
const plugins = await openTestPlugins()
const code = await plugins.install({
  'manifest.py': manifestOf('held'),
  'pipeline.py': pipelineOf(
    'batch["process"] = os.getpid()\nbatch["v"] = [[1.0] * 4 for _ in batch["data"]]',
    'import os',
  ),
})
const request = { parameters: {}, collectionId: 'col_1', inputMappings: {}, rows: textRows('a') }
const [row] = await plugins.host.run(code, request)
if (!row || !('documents' in row)) throw new Error(JSON.stringify(row))
console.log(row.documents[0]?.fields['process'])
setInterval(() => {}, 60_000)
