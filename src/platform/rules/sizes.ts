import { at, scalarText } from '../../kubernetes/json.ts'
import { gibibyte, sameQuantity } from '../../kubernetes/quantity.ts'
import type { Container } from '../../kubernetes/workload.ts'
import { eachPod, found, guide, type Pod, type Rule, roadmap } from '../rule.ts'

const podConfiguration = guide('fargate-pod-configuration')

/** A DaemonSet gets no pod there, so its size says nothing. */
const sized = (look: (pod: Pod) => ReturnType<Rule['find']>) =>
  eachPod((pod) => (pod.workload.object.sort === 'DaemonSet' ? [] : look(pod)))

/** FG14–FG17: how large a pod becomes. */
export const sizeRules: readonly Rule[] = [
  {
    id: 'FG14',
    looksAt: 'requests over 16 vCPU or 120 GB, with the overhead',
    severity: 'error',
    says: 'No size of Fargate holds the pod.',
    fix: 'Divide the pod, ask for less, or leave it on EC2 nodes.',
    sources: [podConfiguration],
    needs: [],
    find: sized(({ workload, text, size }) =>
      size.fargate !== null
        ? []
        : [
            found(
              text,
              `${workload.podPath}.containers`,
              `the pod asks for ${size.need.cores} vCPU and ${inGib(size.need.bytes)} GB, and 0.25 GB is added; at most 16 vCPU and 120 GB are offered`,
            ),
          ],
    ),
  },
  {
    id: 'FG15',
    looksAt: 'requests that 256 MB more push into a size with more vCPU',
    severity: 'warn',
    says: 'Fargate adds 256 MB to each pod, which takes this one to more vCPU.',
    fix: 'Ask for 256Mi less memory, if the pod can do with that.',
    sources: [podConfiguration],
    needs: [],
    find: sized(({ workload, text, size: { fargate, withoutOverhead } }) => {
      if (fargate === null || withoutOverhead === null) return []
      const more = fargate.vcpu - withoutOverhead.vcpu
      if (more === 0) return []
      return [
        found(
          text,
          `${workload.podPath}.containers`,
          `256 MB more take each pod from ${withoutOverhead.vcpu} vCPU and ${withoutOverhead.gb} GB to ${fargate.vcpu} vCPU and ${fargate.gb} GB: +${more} vCPU a pod`,
        ),
      ]
    }),
  },
  {
    id: 'FG16',
    looksAt: 'containers without requests',
    severity: 'warn',
    says: 'A pod that asks for nothing gets 0.25 vCPU and 0.5 GB, and what a container doesn’t ask for isn’t counted.',
    fix: 'Give every container requests for CPU and memory, from what it is seen to use.',
    sources: [podConfiguration],
    needs: [],
    find: sized(({ text, size: { unasked, fargate } }) =>
      unasked.map(({ container, missing }) =>
        found(
          text,
          `${container.path}.resources.requests`,
          `container ${container.name} asks for no ${missing.join(' and no ')}${fargate === null ? '' : `; the pod gets ${fargate.vcpu} vCPU and ${fargate.gb} GB`}`,
        ),
      ),
    ),
  },
  {
    id: 'FG17',
    looksAt: 'requests that differ from limits',
    severity: 'warn',
    says: 'The guide says that they must be equal; in practice such pods run, sized by their requests.',
    fix: 'Make requests and limits equal: there is no other pod whose spare capacity could be used.',
    sources: [podConfiguration, roadmap(1864)],
    needs: [],
    find: sized(({ workload, text }) =>
      workload.containers.flatMap((container) => {
        const unequal = (['cpu', 'memory'] as const).filter((resource) => differs(container, resource))
        return unequal.length === 0
          ? []
          : [
              found(
                text,
                `${container.path}.resources`,
                `container ${container.name}: ${unequal.map((resource) => said(container, resource)).join('; ')}`,
              ),
            ]
      }),
    ),
  },
]

const inGib = (bytes: number): number => Math.round((bytes / gibibyte) * 100) / 100

/** A limit alone is the request too; a request without a limit is unequal. */
const differs = ({ body }: Container, resource: string): boolean => {
  const request = at(body, 'resources', 'requests', resource)
  const limit = at(body, 'resources', 'limits', resource)
  return request !== undefined && request !== null && !sameQuantity(request, limit)
}

const said = ({ body }: Container, resource: string): string => {
  const of = (field: string): string => scalarText(at(body, 'resources', field, resource))
  const limit = of('limits')
  return `it requests ${of('requests')} of ${resource}, ${limit === '' ? 'with no limit' : `its limit is ${limit}`}`
}
