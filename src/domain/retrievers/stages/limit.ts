import { z } from 'zod'
import type { Selection } from '../stage.ts'
import { stage } from '../stage.ts'

/** Contract 18, limit: prose only; an offset beyond the end is an empty answer. */
export const limitStage = stage({
  stageId: 'limit',
  category: 'reduce',
  description: 'Keeps a number of documents from the top, after skipping some',
  icon: 'scissors',
  parameters: {
    limit: z.int().min(1).max(10_000).default(10),
    offset: z.int().min(0).max(10_000).default(0),
  },
  aliases: { count: 'limit', top_k: 'limit', max_results: 'limit' },
  run: async (_call, { limit, offset }, selection) => ({
    selection: window(selection, offset, limit),
  }),
})

function window(selection: Selection, offset: number, limit: number): Selection {
  if (selection.kind === 'read') {
    return { kind: 'read', documents: selection.documents.slice(offset, offset + limit) }
  }
  const left =
    selection.limit === null ? limit : Math.min(limit, Math.max(0, selection.limit - offset))
  return { ...selection, offset: selection.offset + offset, limit: left }
}
