import { at, isTrueAt, mapAt, mapsAt, numberAt, scalarText, textAt, textMapAt } from '../../kubernetes/json.ts'
import { objectText } from '../../kubernetes/object.ts'
import { readSelector } from '../../kubernetes/selector.ts'
import { busiestMinute, shortestGapMinutes } from '../cron-minutes.ts'
import { greenCluster } from '../profiles.ts'
import {
  eachPod,
  found,
  guide,
  listNames,
  type Outcome,
  type Rule,
  type RuleContext,
  roadmap,
  withoutFact,
} from '../rule.ts'
import { constraintsOf, isHarmless } from '../scheduling.ts'

const considerations = guide('fargate')
const shortest = 3
const mostAtOnce = 20

const jobPath = (sort: string): string => (sort === 'CronJob' ? 'spec.jobTemplate.spec' : 'spec')
const isJob = (sort: string): boolean => sort === 'CronJob' || sort === 'Job'

const jobSpec = (body: Parameters<typeof mapAt>[0], sort: string) =>
  sort === 'CronJob' ? mapAt(body, 'spec', 'jobTemplate', 'spec') : mapAt(body, 'spec')

/** FG28, FG31–FG33, FG37, FG39, FG43: when and where pods are started, and when they end. */
export const scheduleRules: readonly Rule[] = [
  {
    id: 'FG28',
    looksAt: '`affinity`, `topologySpreadConstraints`, `nodeSelector`',
    severity: 'warn',
    says: 'They do not apply: each pod has a node of its own.',
    fix: 'Remove them; which subnets pods go to is a matter of profiles.',
    sources: [considerations],
    needs: [],
    find: eachPod(({ workload, text }) => {
      const { pod, podPath } = workload
      const selectors = Object.entries(textMapAt(pod, 'nodeSelector')).filter(
        ([key, value]) => !isHarmless({ key, values: [value] }),
      )
      return [
        ...(selectors.length > 0
          ? [
              found(
                text,
                `${podPath}.nodeSelector`,
                `the pod wants a node with ${listNames(selectors.map(([key, value]) => `${key}=${value}`))}`,
              ),
            ]
          : []),
        ...Object.keys(mapAt(pod, 'affinity'))
          .filter((kind) => Object.keys(mapAt(pod, 'affinity', kind)).length > 0)
          .map((kind) => found(text, `${podPath}.affinity.${kind}`, `the pod has ${kind}`)),
        ...(mapsAt(pod, 'topologySpreadConstraints').length > 0
          ? [found(text, `${podPath}.topologySpreadConstraints`, 'the pod is to be spread over nodes or zones')]
          : []),
      ]
    }),
  },
  {
    id: 'FG31',
    looksAt: 'Jobs without `ttlSecondsAfterFinished`',
    severity: 'warn',
    says: 'A finished pod goes on costing until it is deleted.',
    fix: 'Set `ttlSecondsAfterFinished`, for instance to 300.',
    sources: [
      guide('fargate-pod-configuration'),
      'https://docs.aws.amazon.com/eks/latest/best-practices/cost-opt-compute.html',
    ],
    needs: [],
    find: eachPod(({ workload: { object }, text }) => {
      if (!isJob(object.sort) || numberAt(jobSpec(object.body, object.sort), 'ttlSecondsAfterFinished') !== null)
        return []
      return [
        found(
          text,
          `${jobPath(object.sort)}.ttlSecondsAfterFinished`,
          'finished pods stay until somebody deletes them',
        ),
      ]
    }),
  },
  {
    id: 'FG32',
    looksAt: `more than ${mostAtOnce} schedules in one minute`,
    severity: 'warn',
    says: 'Fargate launches a burst of 20 to 100 pods, then 20 a second.',
    fix: 'Spread the schedules over the hour.',
    sources: [considerations],
    needs: [],
    find: (context) => tooManyAtOnce(context),
  },
  {
    id: 'FG33',
    looksAt: `a schedule, or \`activeDeadlineSeconds\`, of less than ${shortest} minutes`,
    severity: 'warn',
    says: 'A pod takes 60 to 90 s to start, and images are not cached.',
    fix: 'Let it run less often or for longer, or make it a worker that stays.',
    sources: [considerations],
    needs: [],
    find: eachPod(({ workload: { object }, text }) => {
      const cron = object.sort === 'CronJob' ? textAt(object.body, 'spec', 'schedule') : null
      const gap = cron === null ? null : shortestGapMinutes(cron)
      const deadline = isJob(object.sort) ? numberAt(jobSpec(object.body, object.sort), 'activeDeadlineSeconds') : null
      return [
        ...(gap !== null && gap < shortest
          ? [found(text, 'spec.schedule', `it is due every ${gap === 1 ? 'minute' : `${gap} minutes`} (${cron})`)]
          : []),
        ...(deadline !== null && deadline < shortest * 60
          ? [
              found(
                text,
                `${jobPath(object.sort)}.activeDeadlineSeconds`,
                `a run is ended after ${deadline} s, start included`,
              ),
            ]
          : []),
      ]
    }),
  },
  {
    id: 'FG37',
    looksAt: 'PodDisruptionBudget that allows no disruption',
    severity: 'warn',
    says: 'When Fargate patches a node and can’t evict its pod, it deletes it.',
    fix: 'Allow at least one pod to be away, and run at least two.',
    sources: [guide('fargate-pod-patching')],
    needs: [],
    find: ({ index }) =>
      index.all('PodDisruptionBudget').flatMap((budget): readonly Outcome[] => {
        const { body, namespace } = budget
        const least = at(body, 'spec', 'minAvailable')
        const most = at(body, 'spec', 'maxUnavailable')
        if (/^0+%?$/.test(scalarText(most)))
          return [found(budget, 'spec.maxUnavailable', 'the budget lets no pod be away')]
        if (typeof least === 'string' && /^100%$/.test(least))
          return [found(budget, 'spec.minAvailable', 'the budget wants 100 % of its pods')]
        const wanted = numberAt(body, 'spec', 'minAvailable')
        const selector = readSelector(at(body, 'spec', 'selector'))
        if (wanted === null || selector === null) return []
        const guarded = index.selected(namespace ?? '', selector).filter(({ object }) => object.sort !== 'DaemonSet')
        const has = guarded.reduce((sum, { replicas }) => sum + replicas, 0)
        if (guarded.length === 0 || wanted < has) return []
        return [
          found(
            budget,
            'spec.minAvailable',
            `the budget wants ${wanted} pods, and ${listNames(guarded.map(({ object }) => objectText(object)))} has ${has}`,
          ),
        ]
      }),
  },
  {
    id: 'FG39',
    looksAt: 'selectors and tolerations for Spot',
    severity: 'error',
    says: 'There is no Fargate Spot on EKS.',
    fix: 'Remove the selector; what must be cheap stays on EC2 nodes.',
    sources: [roadmap(622), considerations],
    needs: [],
    find: eachPod(({ workload, text }) => [
      ...constraintsOf(workload)
        .filter(({ values, key }) => isSpot(key, values))
        .map(({ path, key }) => found(text, path, `the pod wants a Spot node (${key})`)),
      ...mapsAt(workload.pod, 'tolerations')
        .filter(({ map }) => isSpot(textAt(map, 'key') ?? '', [textAt(map, 'value') ?? 'true']))
        .map(({ map, index }) =>
          found(
            text,
            `${workload.podPath}.tolerations[${index}]`,
            `the pod tolerates Spot nodes (${textAt(map, 'key')})`,
          ),
        ),
    ]),
  },
  {
    id: 'FG43',
    looksAt: 'zonal shift of the cluster',
    severity: 'warn',
    says: 'Zonal shift does not work with Fargate.',
    fix: 'Plan for the loss of a zone by profiles of its own for each zone.',
    sources: [guide('zone-shift')],
    needs: ['clusters'],
    find: ({ facts }) => {
      if (facts.clusters === null) return [withoutFact('clusters')]
      const green = greenCluster(facts)
      return facts.clusters
        .filter((cluster) => cluster.zonalShift && (green === null || cluster === green))
        .map(({ name }) => found(`Cluster ${name}`, 'zonalShiftConfig.enabled', 'zonal shift is on'))
    },
  },
]

const isSpot = (key: string, values: readonly string[]): boolean =>
  (/spot/i.test(key) && !values.every((value) => /^false$/i.test(value))) ||
  (/(^|\/)(capacity-?type|lifecycle|purchase-option|compute-type)$/i.test(key) &&
    values.some((value) => /^(spot|FARGATE_SPOT|Ec2Spot)$/i.test(value)) &&
    !values.some((value) => /^on[-_]?demand$/i.test(value)))

const tooManyAtOnce = ({ index, now }: RuleContext): readonly Outcome[] => {
  const schedules = index
    .all('CronJob')
    .filter(({ body }) => !isTrueAt(body, 'spec', 'suspend'))
    .map((object) => ({
      name: objectText(object),
      cron: textAt(object.body, 'spec', 'schedule') ?? '',
      zone: textAt(object.body, 'spec', 'timeZone') ?? 'UTC',
    }))
  const busiest = busiestMinute(schedules, now)
  if (busiest === null || busiest.count <= mostAtOnce) return []
  const at = `${new Date(busiest.at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return [
    found('all CronJobs', 'spec.schedule', `${busiest.count} schedules are due at ${at}: ${listNames(busiest.names)}`),
  ]
}
