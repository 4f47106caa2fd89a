import type { ReconfigurationState } from './reconfiguration.ts'

/** What can happen to a reconfigure. */
export const reconfigurationEvents = [
  'vector_added',
  'recorded',
  'generation_ready',
  'filling_begun',
  'switched',
  'erased_at_once',
  'retention_ended',
  'erased',
  'undo_begun',
  'switched_back',
  'discarded',
  'given_up',
  'taken_away',
] as const
export type ReconfigurationEvent = (typeof reconfigurationEvents)[number]

type Row = { readonly [E in ReconfigurationEvent]: ReconfigurationState | null }

const nothing: Row = {
  vector_added: null,
  recorded: null,
  generation_ready: null,
  filling_begun: null,
  switched: null,
  erased_at_once: null,
  retention_ended: null,
  erased: null,
  undo_begun: null,
  switched_back: null,
  discarded: null,
  given_up: null,
  taken_away: null,
}

/**
 * State × event → state; null: does not happen, and is refused where it is tried. Total: a state or an event without
 * its row does not compile, and docs/internals/reconfigure.md shows the same table.
 */
export const transitions: { readonly [S in ReconfigurationState]: Row } = {
  waiting_for_engine: {
    ...nothing,
    vector_added: 'adding',
    recorded: 'done',
    given_up: 'cancelling',
  },
  adding: { ...nothing, vector_added: 'adding', recorded: 'done', given_up: 'cancelling' },
  done: nothing,
  building: {
    ...nothing,
    generation_ready: 'switching',
    filling_begun: 'filling',
    given_up: 'cancelling',
  },
  filling: { ...nothing, generation_ready: 'switching', given_up: 'cancelling' },
  switching: { ...nothing, switched: 'retained', erased_at_once: 'erasing' },
  retained: { ...nothing, retention_ended: 'erasing', undo_begun: 'undoing' },
  erasing: { ...nothing, erased: 'erased' },
  erased: nothing,
  undoing: { ...nothing, switched_back: 'discarding' },
  discarding: { ...nothing, discarded: 'undone' },
  undone: nothing,
  cancelling: { ...nothing, taken_away: 'cancelled' },
  cancelled: nothing,
}

/** Throws for what cannot happen: a mistake of ours, no caller's. */
export function nextState(
  state: ReconfigurationState,
  event: ReconfigurationEvent,
): ReconfigurationState {
  const next = transitions[state][event]
  if (next === null) throw new Error(`A reconfigure in state ${state} cannot meet ${event}`)
  return next
}
