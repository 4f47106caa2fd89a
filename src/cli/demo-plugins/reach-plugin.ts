import type { CommandCall } from '../command.ts'
import type { ServerProcess } from '../demo/server-process.ts'
import { openPlugin } from '../plugin/open-plugin.ts'
import { deployPlugin, pathOf, uploadPlugin, type DeployedStatus } from '../plugin/push-plugin.ts'
import { reachServer } from '../reach-server.ts'

/** A plugin that is deployed in the demo's namespace. */
export interface ReachedPlugin {
  pluginId: string
  name: string
  version: string
  featureUri: string
  status: DeployedStatus
  /** From the folder to the deployment. */
  seconds: number
}

/** `nacre plugin push` into the demo's namespace. Throws where the server refuses it or it does not come up. */
export async function pushToDemo(
  call: CommandCall,
  server: ServerProcess,
  namespaceId: string,
  folder: string,
): Promise<ReachedPlugin> {
  const start = performance.now()
  const config = { ...call.config, serverUrl: server.url, adminKey: server.key }
  const client = await reachServer({ config })
  await using plugin = await openPlugin(call, folder)
  const at = pathOf(namespaceId)
  const pushed = await uploadPlugin(client, at, plugin)
  const { manifest } = plugin.inspection
  if (pushed.validation_status !== 'passed' || manifest === null)
    throw new Error(`${folder} was refused: ${pushed.validation_errors.join('; ')}`)
  const status = await deployPlugin(client, at, pushed.plugin_id, call.signal)
  if (status.status !== 'deployed') throw new Error(`It is ${status.status}: ${status.error}`)
  return {
    pluginId: pushed.plugin_id,
    name: manifest.name,
    version: manifest.version,
    featureUri: pushed.feature_uri ?? '',
    status,
    seconds: (performance.now() - start) / 1000,
  }
}
