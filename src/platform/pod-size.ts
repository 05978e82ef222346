import type { KubernetesIndex } from '../kubernetes/index-objects.ts'
import { at, mapsAt } from '../kubernetes/json.ts'
import { gibibyte, mebibyte, parseQuantity } from '../kubernetes/quantity.ts'
import type { Container, Workload } from '../kubernetes/workload.ts'

/** One size that Fargate offers. `gb` are GiB, as AWS counts them. */
export type Size = { readonly vcpu: number; readonly gb: number }

/** What a pod asks for: cores and bytes. */
export type Need = { readonly cores: number; readonly bytes: number }

/** What Fargate adds to each pod's memory for the kubelet, kube-proxy and containerd. */
export const overheadBytes = 256 * mebibyte

const steps = (from: number, to: number, by: number): readonly number[] =>
  Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by)

/** EKS user guide, "Fargate Pod configuration": all pairs, the smallest first. */
const sizes: readonly Size[] = [
  { vcpu: 0.25, memory: [0.5, 1, 2] },
  { vcpu: 0.5, memory: steps(1, 4, 1) },
  { vcpu: 1, memory: steps(2, 8, 1) },
  { vcpu: 2, memory: steps(4, 16, 1) },
  { vcpu: 4, memory: steps(8, 30, 1) },
  { vcpu: 8, memory: steps(16, 60, 4) },
  { vcpu: 16, memory: steps(32, 120, 8) },
].flatMap(({ vcpu, memory }) => memory.map((gb) => ({ vcpu, gb })))

/** The smallest size that holds so much; null: none does. */
export const smallestSize = ({ cores, bytes }: Need): Size | null =>
  sizes.find(({ vcpu, gb }) => cores <= vcpu && bytes <= gb * gibibyte) ?? null

export type PodSize = {
  /** max(largest init container, sum of long-running containers), each resource for itself. */
  readonly need: Need
  /** With the overhead; null: no size holds it. */
  readonly fargate: Size | null
  readonly withoutOverhead: Size | null
  /** Long-running containers that ask for neither or only one of CPU and memory. */
  readonly unasked: readonly { readonly container: Container; readonly missing: readonly ('cpu' | 'memory')[] }[]
}

/** How large Fargate makes a pod. A limit without a request counts as the request, as the API server has it. */
export const sizePod = (workload: Workload, index: KubernetesIndex): PodSize => {
  const defaults = defaultsOf(workload.namespace, index)
  const of = (container: Container, resource: string): number | null =>
    requestOf(container, resource) ?? defaults(resource)
  const running = workload.containers.filter(({ role }) => role !== 'init')
  const starting = workload.containers.filter(({ role }) => role === 'init')
  const need = (resource: string): number =>
    Math.max(
      running.reduce((sum, one) => sum + (of(one, resource) ?? 0), 0),
      ...starting.map((one) => of(one, resource) ?? 0),
    )
  const whole: Need = { cores: rounded(need('cpu')), bytes: need('memory') }
  return {
    need: whole,
    fargate: smallestSize({ cores: whole.cores, bytes: whole.bytes + overheadBytes }),
    withoutOverhead: smallestSize(whole),
    unasked: running.flatMap((container) => {
      const missing = (['cpu', 'memory'] as const).filter((resource) => of(container, resource) === null)
      return missing.length === 0 ? [] : [{ container, missing }]
    }),
  }
}

/** Sums of tenths are not exact: 0.1 + 0.2 cores must not need more than 0.3. */
const rounded = (cores: number): number => Math.round(cores * 1e6) / 1e6

/** What a container asks for; null: nothing. */
export const requestOf = ({ body }: Container, resource: string): number | null =>
  parseQuantity(at(body, 'resources', 'requests', resource)) ?? limitOf({ body }, resource)

export const limitOf = ({ body }: Pick<Container, 'body'>, resource: string): number | null =>
  parseQuantity(at(body, 'resources', 'limits', resource))

/** What a LimitRange of the namespace gives containers that ask for nothing. */
const defaultsOf = (namespace: string, index: KubernetesIndex): ((resource: string) => number | null) => {
  const limits = index
    .all('LimitRange')
    .filter((range) => range.namespace === namespace)
    .flatMap(({ body }) => mapsAt(body, 'spec', 'limits').map(({ map }) => map))
    .filter((map) => map['type'] === 'Container')
  return (resource) => {
    for (const field of ['defaultRequest', 'default']) {
      for (const limit of limits) {
        const found = parseQuantity(at(limit, field, resource))
        if (found !== null) return found
      }
    }
    return null
  }
}
