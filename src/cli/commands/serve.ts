import { once } from 'node:events'
import { settings, type SettingName } from '../../config.ts'
import { openLogger } from '../../compose.ts'
import { version } from '../../product.ts'
import { openServer } from '../../serve.ts'
import type { Command } from '../command.ts'

/** What `npm start` runs: the API, the worker and the embedded engines in one process. */
export const serve: Command = {
  name: 'serve',
  summary: 'Run the server: API, worker and embedded engines.',
  settings: Object.keys(settings) as SettingName[],
  async run({ config, isJson, signal, print }) {
    await using server = await openServer(config, openLogger({ level: config.logLevel }))
    const { url, folder, adminKey } = server
    if (isJson) print(JSON.stringify({ url, folder, admin_key: adminKey, version }))
    else {
      print(`Nacre ${version} answers at ${url}`)
      if (adminKey !== null)
        print(`Admin key, shown once and kept in ${folder}/admin.key:\n  ${adminKey}`)
      print(
        `Try: curl -H "Authorization: Bearer $(cat ${folder}/admin.key)" ${url}/v1/organizations`,
      )
    }
    if (!signal.aborted) await once(signal, 'abort')
    if (!isJson) print('Stopping: finishing what is under way.')
  },
}
