import { setTimeout as sleep } from 'node:timers/promises'
import { cross, type Crossing } from './crossing.ts'
import type { Stage } from './stage.ts'
import { Writer, type WriteRate } from './writer.ts'

const aroundMs = 20_000

export interface BesideWrites {
  crossing: Crossing
  /** With the same searches, before the field crosses the threshold. */
  before: WriteRate
  /** While the index is counted for, made, measured and proven. */
  during: WriteRate
  /** Of that, while the engine builds; null where it never did. */
  building: WriteRate | null
  after: WriteRate
}

/** A field crosses the threshold while another client writes document after document. */
export async function crossBesideWrites(stage: Stage, field: string): Promise<BesideWrites> {
  await using writer = new Writer(stage)
  await sleep(aroundMs)
  const crossing = await cross(stage, field)
  const ended = Date.now()
  await sleep(aroundMs)
  const { crossedAt, openedAt, buildingAt, verifyingAt } = crossing
  return {
    crossing,
    before: writer.rate(crossedAt - aroundMs, crossedAt),
    during: writer.rate(openedAt ?? crossedAt, ended),
    building:
      buildingAt === null || verifyingAt === null ? null : writer.rate(buildingAt, verifyingAt),
    after: writer.rate(ended, Date.now()),
  }
}
