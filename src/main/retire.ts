import type { ResolvedRelease } from '../config/release.ts'
import type { Answer, Call } from '../engine/ports.ts'
import { readJournal } from '../engine/take-over.ts'
import { TitrateError } from '../errors.ts'
import type { Fence } from '../moves/goal.ts'
import type { Store } from '../store/store.ts'
import { connectWorld } from './world.ts'

const callMs = 10_000

/** Blue's copy of everything that settled on green goes to 0; what this cannot do is said, and can be done again. */
export const retireBlue = async (release: ResolvedRelease, store: Store): Promise<readonly string[]> => {
  const journal = await readJournal(store)
  const { plan } = journal.release
  if (plan === null || journal.release.retired === null)
    throw new TitrateError(
      'USAGE',
      `The release "${release.name}" has no approval to retire blue yet; "titrate retire" asks for it.`,
    )
  const { world, close } = await connectWorld(release)
  const epoch = await store.claimEpoch(journal.release.epoch)
  const lines: string[] = []
  try {
    const settled = Object.values(plan.moves).filter((move) => journal.moves.get(move.service)?.settled?.on === 'green')
    for (const move of settled) {
      const { service } = move
      const fence: Fence = {
        release: release.name,
        epoch,
        move: service,
        version: (journal.moves.get(service)?.version ?? 0) + 1,
      }
      const call: Call = { fence, intent: `${service}/workload/retire`, signal: AbortSignal.timeout(callMs) }
      if (move.kind === 'job') {
        const swept = await world.sides.blue.schedules.unfence(call, service, 0)
        lines.push(`${service}: blue's schedule stays suspended; ${said(swept, 'its tombstones are gone')}`)
        continue
      }
      const stopped = await world.sides.blue.workloads.scale(call, service, 0, null)
      lines.push(`${service}: ${said(stopped, 'blue is scaled to 0')}`)
    }
    const claims = [
      world.sides.blue.claims,
      world.sides.green.claims,
      ...(world.router === null ? [] : [world.router.claims]),
    ]
    for (const each of claims)
      lines.push(
        `${each.name}: ${said(await each.free(release.name, epoch, AbortSignal.timeout(callMs)), 'is free for another release')}`,
      )
    return lines
  } finally {
    await close()
  }
}

const said = (answer: Answer<unknown>, done: string): string =>
  answer.kind === 'ok' ? done : `not done: ${answer.because}`
