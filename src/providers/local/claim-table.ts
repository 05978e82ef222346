import type { Answer, ClaimSeen, StopMark } from '../../engine/ports.ts'
import { compareFences, type Fence, type Millis } from '../../moves/goal.ts'
import { readMeta, type State, writeMeta } from './state.ts'

/** Whose environment it is, and which acts come too late. All of it durable, all within the caller's transaction. */
export type ClaimTable = {
  read(now: Millis): ClaimSeen
  claim(release: string, epoch: number): Answer<null>
  /** Forgets the claim; what the release stamped is given back by `onFree`. */
  free(release: string, epoch: number): Answer<null>
  /**
   * Never refused. Whoever stops with an epoch higher than all seen goes on with it, and all before it are stopped.
   * With one that was seen already (an engine took over in between) that one is stopped too. Made twice, it is one stop.
   */
  stop(mark: StopMark, epoch: number): void
  clearStop(): void
  /** Why an act is refused; null: it may go on, and its fence is the newest from now on. */
  admit(fence: Fence): string | null
}

/** `epoch`: the last that is stopped. */
type Stopped = { readonly mark: StopMark; readonly epoch: number }

export const claimTableOf = (state: State, environment: string): ClaimTable => {
  const release = () => readMeta(state, 'release')
  const highest = () => Number(readMeta(state, 'epoch') ?? 0)
  const raise = (epoch: number) => writeMeta(state, 'epoch', String(Math.max(epoch, highest())))
  const stopped = (): Stopped | null => {
    const text = readMeta(state, 'stop')
    // Written by `stop` below, in this very shape.
    return text === null ? null : (JSON.parse(text) as Stopped)
  }
  const freedAt = (name: string): number =>
    state.prepare<[string], { epoch: number }>('select epoch from freed where release = ?').get(name)?.epoch ?? 0

  const notYours = (name: string, epoch: number): string | null => {
    const owner = release()
    if (owner !== null && owner !== name) return `environment ${environment} belongs to release ${owner}, not ${name}`
    if (epoch < highest()) {
      return `epoch ${epoch} of release ${name} is older than ${highest()}, which environment ${environment} has seen`
    }
    return null
  }

  return {
    read: (now) => ({ release: release(), epoch: highest(), stop: stopped()?.mark ?? null, now }),
    claim: (name, epoch) => {
      const because = notYours(name, epoch)
      if (because !== null) return { kind: 'refused', because }
      writeMeta(state, 'release', name)
      raise(epoch)
      state.prepare('delete from freed where release = ? and epoch < ?').run(name, epoch)
      return { kind: 'ok', value: null }
    },
    free: (name, epoch) => {
      if (release() === null) return { kind: 'ok', value: null }
      const because = notYours(name, epoch)
      if (because !== null) return { kind: 'refused', because }
      writeMeta(state, 'release', null)
      raise(epoch)
      state
        .prepare('insert into freed values (?, ?) on conflict do update set epoch = max(epoch, excluded.epoch)')
        .run(name, highest())
      state.exec('update workload set stamp = null, revision = revision + 1 where stamp is not null')
      state.exec('update schedule set stamp = null, revision = revision + 1 where stamp is not null')
      return { kind: 'ok', value: null }
    },
    stop: (mark, epoch) => {
      const before = stopped()?.mark
      const again = before?.at === mark.at && before.by === mark.by && before.because === mark.because
      if (again && epoch === highest()) return
      const upTo = epoch > highest() ? epoch - 1 : highest()
      raise(epoch)
      writeMeta(state, 'stop', JSON.stringify({ mark, epoch: upTo } satisfies Stopped))
    },
    clearStop: () => writeMeta(state, 'stop', null),
    admit: (fence) => {
      const because = notYours(fence.release, fence.epoch)
      if (because !== null) return because
      const stop = stopped()
      if (stop !== null && fence.epoch <= stop.epoch) {
        const since = new Date(stop.mark.at).toISOString()
        const way = 'after it: titrate resume --clear-stop'
        return `${stop.mark.by} stopped environment ${environment} at ${since} (${stop.mark.because}); ${way}`
      }
      if (release() === null && fence.epoch <= freedAt(fence.release)) {
        return `release ${fence.release} has given environment ${environment} free`
      }
      return admitVersion(state, fence, raise)
    },
  }
}

const admitVersion = (state: State, fence: Fence, raise: (epoch: number) => void): string | null => {
  const seen = state
    .prepare<[string, string], Fence>('select * from fence where release = ? and move = ?')
    .get(fence.release, fence.move)
  if (seen !== undefined && compareFences(fence, seen) < 0) {
    const newest = `epoch ${seen.epoch}, version ${seen.version}`
    return `too late: ${fence.move} was already acted on by ${newest}; this is ${fence.epoch}, ${fence.version}`
  }
  raise(fence.epoch)
  state
    .prepare(
      `insert into fence values (@release, @move, @epoch, @version)
       on conflict do update set epoch = excluded.epoch, version = excluded.version`,
    )
    .run(fence)
  return null
}
