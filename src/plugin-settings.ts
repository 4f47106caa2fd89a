import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { setting, whole } from './setting.ts'

/** What strangers' code may use, and how much of it there may be: a part of the table in config.ts. */
export const pluginSettings = {
  python: setting(
    'NACRE_PYTHON',
    'Python 3.10 or later that runs plugins; absent: the first fitting one on the PATH.',
    z.string().optional(),
  ),
  pluginTier: setting(
    'NACRE_PLUGIN_TIER',
    'Least isolation that plugins run with: kernel refuses them where the kernel lacks a wall.',
    z.enum(['kernel', 'process']).default('process'),
  ),
  pluginInstall: setting(
    'NACRE_PLUGIN_INSTALL',
    'What plugins declare as dependencies: off, or grant installs them with pip, wheels only, each set in a folder of its own.',
    z.enum(['off', 'grant']).default('off'),
  ),
  pluginInstallMs: setting(
    'NACRE_PLUGIN_INSTALL_MS',
    'Longest one installation of Python packages may take.',
    whole(1_000, 7_200_000, 900_000),
  ),
  pluginNetwork: setting(
    'NACRE_PLUGIN_NETWORK',
    'Plugins that may use the network, loopback included: names or ids with commas between; absent: none.',
    z
      .string()
      .regex(/^[A-Za-z0-9_]+(,[A-Za-z0-9_]+)*$/, 'names or ids of plugins with commas between')
      .optional(),
  ),
  pluginMemoryBytesMax: setting(
    'NACRE_PLUGIN_MEMORY_BYTES_MAX',
    'Memory of one plugin process; a plugin that asks for less gets less.',
    whole(2 ** 28, 2 ** 40, 2 ** 31),
  ),
  pluginCpuSecondsMax: setting(
    'NACRE_PLUGIN_CPU_SECONDS_MAX',
    'CPU time of one call of a plugin, all its threads together.',
    whole(1, 86_400, 120),
  ),
  pluginStartMs: setting(
    'NACRE_PLUGIN_START_MS',
    'Longest a plugin may take to load.',
    whole(1_000, 3_600_000, 60_000),
  ),
  pluginBatchMs: setting(
    'NACRE_PLUGIN_BATCH_MS',
    'Longest a plugin may work on one batch of rows.',
    whole(100, 3_600_000, 120_000),
  ),
  pluginQueryMs: setting(
    'NACRE_PLUGIN_QUERY_MS',
    'Longest a plugin may take to make a query a vector, waiting for its process included.',
    whole(100, 600_000, 10_000),
  ),
  pluginOutputBytesMax: setting(
    'NACRE_PLUGIN_OUTPUT_BYTES_MAX',
    'Largest answer of a plugin to one batch.',
    whole(1 << 16, 1 << 28, 64 << 20),
  ),
  pluginDiskBytesMax: setting(
    'NACRE_PLUGIN_DISK_BYTES_MAX',
    'What one plugin process may write into its scratch folder.',
    whole(2 ** 20, 2 ** 40, 2 ** 30),
  ),
  pluginThreadsMax: setting(
    'NACRE_PLUGIN_THREADS_MAX',
    'Threads of one plugin process.',
    whole(8, 4_096, 256),
  ),
  pluginLogLinesMax: setting(
    'NACRE_PLUGIN_LOG_LINES_MAX',
    'Lines that one plugin process may log in a minute; more are counted, not written.',
    whole(0, 100_000, 300),
  ),
  pluginConcurrencyMax: setting(
    'NACRE_PLUGIN_CONCURRENCY_MAX',
    'Processes of one plugin that work on batches at once.',
    whole(1, 256, availableParallelism()),
  ),
  pluginProcessesMax: setting(
    'NACRE_PLUGIN_PROCESSES_MAX',
    'Plugin processes of all plugins at once in this process.',
    whole(2, 1_024, Math.max(4, 2 * availableParallelism())),
  ),
  pluginQueueMax: setting(
    'NACRE_PLUGIN_QUEUE_MAX',
    'Calls that wait for a plugin process; 503 beyond.',
    whole(1, 100_000, 1_024),
  ),
  pluginIdleMs: setting(
    'NACRE_PLUGIN_IDLE_MS',
    'An unused plugin process ends after this time.',
    whole(100, 86_400_000, 300_000),
  ),
  pluginsMax: setting(
    'NACRE_PLUGINS_MAX',
    "Plugins of one namespace, and of one organization's own.",
    whole(0, 10_000, 100),
  ),
  pluginUploadsMax: setting(
    'NACRE_PLUGIN_UPLOADS_MAX',
    'Uploads of plugins by signed URL that are neither confirmed nor over, in one namespace.',
    whole(1, 10_000, 100),
  ),
  pluginDeployWaitMs: setting(
    'NACRE_PLUGIN_DEPLOY_WAIT_MS',
    'How long a deploy waits for the plugin to load before it answers queued.',
    whole(0, 600_000, 20_000),
  ),
  pluginArchiveBytesMax: setting(
    'NACRE_PLUGIN_ARCHIVE_BYTES_MAX',
    'Largest archive of a plugin.',
    whole(1024, 1 << 30, 524_288_000),
  ),
  pluginExtractedBytesMax: setting(
    'NACRE_PLUGIN_EXTRACTED_BYTES_MAX',
    "Most that a plugin's archive may unpack to.",
    whole(1024, 4 * (1 << 30), 524_288_000),
  ),
  pluginFilesMax: setting(
    'NACRE_PLUGIN_FILES_MAX',
    "Files in a plugin's archive.",
    whole(2, 100_000, 1_000),
  ),
  pluginEntriesMax: setting(
    'NACRE_PLUGIN_ENTRIES_MAX',
    "Entries in a plugin's archive, folders and what is dropped included.",
    whole(2, 1_000_000, 10_000),
  ),
  pluginRatioMax: setting(
    'NACRE_PLUGIN_RATIO_MAX',
    "How many times its own size a plugin's archive may unpack to, above 16 MiB.",
    whole(2, 10_000, 250),
  ),
} as const
