import type { DecisionState } from './decision.ts'

/** What can happen to a decision. */
export const decisionEvents = [
  'chosen',
  'turned_down',
  'censused',
  'build_begun',
  'built',
  'kept',
  'withdrawn',
  'dropped',
  'reverted',
  'failed',
  'undone',
  'begun_again',
  'taken_over',
] as const
export type DecisionEvent = (typeof decisionEvents)[number]

type Row = { readonly [E in DecisionEvent]: DecisionState | null }

const nothing: Row = {
  chosen: null,
  turned_down: null,
  censused: null,
  build_begun: null,
  built: null,
  kept: null,
  withdrawn: null,
  dropped: null,
  reverted: null,
  failed: null,
  undone: null,
  begun_again: null,
  taken_over: null,
}

/** What is open can become the user's at any time. */
const open: Row = { ...nothing, taken_over: 'taken_over' }

/**
 * State × event → state; null: does not happen, and is refused where it is tried. Total: a state or an event without
 * its row does not compile, and docs/internals/index-advisor.md shows the same table.
 */
export const transitions: { readonly [S in DecisionState]: Row } = {
  observed: { ...open, chosen: 'candidate', turned_down: 'declined' },
  candidate: { ...open, censused: 'censused', turned_down: 'declined', failed: 'failed' },
  censused: {
    ...open,
    build_begun: 'building',
    turned_down: 'declined',
    begun_again: 'candidate',
  },
  building: {
    ...open,
    built: 'verifying',
    withdrawn: 'retiring',
    begun_again: 'candidate',
    failed: 'failed',
  },
  verifying: { ...open, kept: 'active', withdrawn: 'retiring', begun_again: 'candidate' },
  active: { ...open, withdrawn: 'retiring', dropped: 'dropped' },
  retiring: { ...open, dropped: 'dropped', reverted: 'reverted', undone: 'undone' },
  dropped: nothing,
  declined: nothing,
  reverted: nothing,
  failed: nothing,
  undone: nothing,
  taken_over: nothing,
}

/** Throws for what cannot happen: a mistake of ours, no caller's. */
export function nextState(state: DecisionState, event: DecisionEvent): DecisionState {
  const next = transitions[state][event]
  if (next === null) throw new Error(`A decision in state ${state} cannot meet ${event}`)
  return next
}
