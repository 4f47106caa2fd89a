import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from '../command.ts'
import { folderSize } from '../demo/folder-size.ts'
import { startDemo } from '../demo/start-demo.ts'
import { addVectorOnline, useVector } from '../demo-plugins/add-vector.ts'
import { fillNamespace } from '../demo-plugins/demo-namespace.ts'
import { pushToDemo } from '../demo-plugins/reach-plugin.ts'
import { recreateAndUndo } from '../demo-plugins/recreate-and-undo.ts'
import { writeStarter } from '../plugin/write-starter.ts'

const example = fileURLToPath(new URL('../../../examples/plugins/keywords', import.meta.url))

/** The second headline in front of the user's eyes: a schema that follows its plugins, under load and with a way back. */
export const demoPlugins: Command = {
  name: 'demo-plugins',
  summary: 'Show a plugin come into a full namespace under load, and a reconfigure undone.',
  settings: ['python', 'pluginInstall'],
  async run(call) {
    const { print } = call
    const started = performance.now()
    await using stack = new AsyncDisposableStack()
    const { folder, server, client } = await startDemo(call, stack)
    const demo = await fillNamespace(client, print)

    print('\nexamples/plugins/keywords, Python: uploaded, scanned, run on a row, deployed.')
    const plugin = await pushToDemo(call, server, demo.namespaceId, example)
    print(
      `  ${plugin.pluginId} in ${plugin.seconds.toFixed(1)} s, isolation ${plugin.status.isolation.tier}`,
    )
    print(
      `  The namespace is full, so nothing of it was changed. It lacks ${lacks(plugin.status)}.`,
    )
    await addVectorOnline(demo)
    await useVector(demo, plugin)

    print('\nA second plugin, as `nacre plugin init` writes it: deployed.')
    const second = join(folder, 'second_opinion')
    await writeStarter(second)
    const { status } = await pushToDemo(call, server, demo.namespaceId, second)
    print(`  The namespace lacks ${lacks(status)}.`)
    await recreateAndUndo(demo)

    const seconds = (performance.now() - started) / 1000
    const sizeBytes = await folderSize(folder)
    print(`\nAll of it in ${seconds.toFixed(0)} s, ${(sizeBytes / 1e6).toFixed(0)} MB on disk.`)
  },
}

function lacks({ schema }: { schema: { missing_vectors: string[] } }): string {
  return schema.missing_vectors.join(', ')
}
