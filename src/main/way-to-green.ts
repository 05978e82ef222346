import type { World } from '../engine/engine.ts'
import type { Answer, Call } from '../engine/ports.ts'
import type { GatewayProvider } from '../providers/kubernetes/gateway/connect-gateway.ts'

/**
 * Green's side, where a copy that is made or started gets a way for testers and probes to it, and one that is stopped
 * loses it. It belongs to the same intent as the copy itself.
 */
export const withWayToGreen = (green: World['sides']['green'], gateway: GatewayProvider): World['sides']['green'] => {
  const { workloads } = green
  const open = new Set<string>()
  const opened = async <T>(answer: Answer<T>, call: Call, service: string): Promise<Answer<T>> => {
    if (answer.kind !== 'ok' || open.has(service)) return answer
    const way = await gateway.open(call, service)
    if (way.kind !== 'ok') return way
    open.add(service)
    return answer
  }
  return {
    ...green,
    workloads: {
      ...workloads,
      provision: async (call, service, baseline) =>
        opened(await workloads.provision(call, service, baseline), call, service),
      scale: async (call, service, replicas, baseline) => {
        const answer = await workloads.scale(call, service, replicas, baseline)
        if (replicas > 0) return opened(answer, call, service)
        if (answer.kind !== 'ok') return answer
        open.delete(service)
        const closed = await gateway.close(call, service)
        // A way that may not be taken away leads testers to nobody, and holds nothing up.
        return closed.kind === 'ok' || closed.kind === 'refused' ? answer : closed
      },
    },
  }
}
