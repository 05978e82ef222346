import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CarryOut } from '../../src/engine/carry-out.ts'
import { type Cluster, connectCluster } from '../../src/providers/kubernetes/client/connect.ts'
import { realDeps } from './connect-to.ts'
import { type ClusterGiven, kubeconfigOf } from './control-plane.ts'
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts'

/** A connection that meets trouble when it is told to, and what it met. */
export type Troubled = {
  readonly cluster: Cluster
  readonly met: ReadonlyMap<string, number>
  /** How many of a hundred requests meet trouble from now on. */
  trouble(percent: number): void
  close(): Promise<void>
}

const watchCutMs = 700

export const connectTroubled = async (given: ClusterGiven, random: () => number, folder: string): Promise<Troubled> => {
  const proxy: FaultProxy = await startFaultProxy(given)
  const file = join(folder, `${given.name}-${proxy.server.split(':').at(-1)}`)
  writeFileSync(file, kubeconfigOf(given.name, proxy.server, proxy.authority, { token: given.token }))
  const cluster = await connectCluster({ file, context: null, requestsPerSecond: 500 }, realDeps)
  const met = new Map<string, number>()
  let percent = 0
  const count = (what: string) => met.set(what, (met.get(what) ?? 0) + 1)
  const choices = (isWatch: boolean): readonly Fault[] => [
    { kind: 'refuse' },
    { kind: 'slow', ms: Math.round(1_500 * random()) },
    ...(isWatch ? [] : [{ kind: 'lose the answer' } as const]),
    { kind: 'answer', status: 429, headers: { 'retry-after': '1' } },
    { kind: 'answer', status: isWatch ? 410 : 503 },
    { kind: 'answer', status: 401 },
  ]
  proxy.faultFor(({ isWatch }) => {
    if (random() * 100 >= percent) return null
    const all = choices(isWatch)
    const fault = all[Math.floor(random() * all.length)] ?? null
    if (fault !== null) count(fault.kind === 'answer' ? String(fault.status) : fault.kind)
    return fault
  })
  const cutter = setInterval(() => {
    if (random() * 100 < percent && proxy.cutWatches() > 0) count('watches cut')
  }, watchCutMs)
  return {
    cluster,
    met,
    trouble: (wanted) => {
      percent = wanted
    },
    close: async () => {
      clearInterval(cutter)
      await cluster.close()
      await proxy.close()
    },
  }
}

/** What an engine that dies throws. */
export class Killed extends Error {}

/** The ports of an engine that dies at one of its calls, before it is made or after; `calls`: how many it made of each kind. */
export const dyingPorts = (
  { blue, green }: Pick<CarryOut, 'blue' | 'green'>,
  at: { readonly call: number; readonly when: 'before' | 'after' },
  calls: string[],
): Pick<CarryOut, 'blue' | 'green'> => {
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, method, receiver): unknown => {
        const value: unknown = Reflect.get(target, method, receiver)
        if (typeof value !== 'function') return value
        return async (...given: readonly unknown[]): Promise<unknown> => {
          calls.push(String(method))
          const dies = calls.length >= at.call
          if (dies && (at.when === 'before' || calls.length > at.call)) throw new Killed(String(method))
          const answer: unknown = await Reflect.apply(value, target, given)
          if (dies) throw new Killed(String(method))
          return answer
        }
      },
    })
  const side = ({ schedules, workloads }: CarryOut['blue']) => ({
    schedules: wrap(schedules),
    workloads: wrap(workloads),
  })
  return { blue: side(blue), green: side(green) }
}
