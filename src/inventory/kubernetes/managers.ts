import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { at, mapsAt, numberAt, textAt } from '../../kubernetes/json.ts'
import { customKinds } from '../../kubernetes/kinds.ts'
import { type KubernetesObject, objectText } from '../../kubernetes/object.ts'
import type { Scalers } from '../../kubernetes/scalers.ts'
import type { Workload } from '../../kubernetes/workload.ts'
import type { Manager } from '../estate.ts'

/** Who else writes to a workload, and how that is seen. */
export const managersOf = (
  { object }: Pick<Workload, 'object'>,
  index: KubernetesIndex,
  scalers: Scalers,
): readonly Manager[] => [
  ...helm(object),
  ...argoCd(object, index),
  ...flux(object),
  ...operators(object),
  ...(object.sort === customKinds.rollout ? [{ who: 'Argo Rollouts', how: `it is a ${object.kind}` }] : []),
  ...(scalers.get(objectText(object)) ?? []).map(scalerOf),
]

const helm = ({ labels, annotations }: KubernetesObject): readonly Manager[] => {
  const release = annotations['meta.helm.sh/release-name']
  if (release !== undefined) return [{ who: 'Helm', how: `release ${release}` }]
  const chart = labels['helm.sh/chart'] ?? labels['chart']
  const managed = labels['app.kubernetes.io/managed-by'] === 'Helm' || labels['heritage'] === 'Helm'
  return managed || chart !== undefined
    ? [{ who: 'Helm', how: chart === undefined ? 'its labels say so' : `chart ${chart}` }]
    : []
}

const argoCd = (object: KubernetesObject, index: KubernetesIndex): readonly Manager[] => {
  const application = argoApplication(object, index)
  return application === null ? [] : [{ who: 'Argo CD', how: `application ${application}` }]
}

/** The Application that an object is tracked by; null: none. */
export const argoApplication = (
  { labels, annotations, name }: KubernetesObject,
  index: KubernetesIndex,
): string | null => {
  const tracked = annotations['argocd.argoproj.io/tracking-id']?.split(':')[0]
  const known = tracked ?? labels['argocd.argoproj.io/instance']
  if (known !== undefined) return known
  const usual = labels['app.kubernetes.io/instance']
  if (usual === undefined) return null
  const isListed = index.all(customKinds.application).some((one) => one.name === usual || lists(one, name))
  return isListed ? usual : null
}

const lists = (application: KubernetesObject, name: string): boolean =>
  mapsAt(application.body, 'status', 'resources').some(({ map }) => map['name'] === name)

const flux = ({ labels }: KubernetesObject): readonly Manager[] => {
  const kustomization = labels['kustomize.toolkit.fluxcd.io/name']
  if (kustomization !== undefined) return [{ who: 'Flux', how: `Kustomization ${kustomization}` }]
  const release = labels['helm.toolkit.fluxcd.io/name']
  return release === undefined ? [] : [{ who: 'Flux', how: `HelmRelease ${release}` }]
}

/** Owners that are no workloads: an operator made it for an object of its own. */
const operators = ({ owners }: KubernetesObject): readonly Manager[] =>
  owners
    .slice(0, 1)
    .map(({ kind, name, apiVersion }) => ({ who: 'an operator', how: `${kind} ${name} (${apiVersion}) owns it` }))

const scalerOf = (scaler: KubernetesObject): Manager => {
  const keda = scaler.sort === customKinds.scaledObject
  const least = numberAt(scaler.body, 'spec', keda ? 'minReplicaCount' : 'minReplicas') ?? (keda ? 0 : 1)
  const most = numberAt(scaler.body, 'spec', keda ? 'maxReplicaCount' : 'maxReplicas') ?? (keda ? 100 : null)
  return {
    who: keda ? 'KEDA' : 'HPA',
    how: `${objectText(scaler)} scales it from ${least} to ${most ?? 'an unknown number'}`,
  }
}

const queues =
  /queue|kafka|rabbit|sqs|kinesis|nats|stan$|redis|pubsub|servicebus|pulsar|mq$|artemis|beanstalk|temporal|event-?hub|stream|solace/
const queueFields = [
  'queueName',
  'queueURL',
  'topic',
  'stream',
  'streamName',
  'listName',
  'subscriptionName',
  'queueNameFromEnv',
  'taskQueue',
  'topicName',
  'consumerGroup',
]

/** Queues by which KEDA scales a workload: it takes work from them. */
export const queuesOf = (
  workload: Workload,
  scalers: Scalers,
): readonly { readonly queue: string; readonly by: string }[] =>
  (scalers.get(objectText(workload.object)) ?? [])
    .filter(({ sort }) => sort === customKinds.scaledObject)
    .flatMap((scaler) =>
      mapsAt(scaler.body, 'spec', 'triggers')
        .filter(({ map }) => queues.test(textAt(map, 'type') ?? ''))
        .map(({ map }) => {
          const named = queueFields.map((field) => at(map, 'metadata', field)).find((one) => typeof one === 'string')
          return {
            queue: lastPart(typeof named === 'string' ? named : (textAt(map, 'type') ?? '')),
            by: `${objectText(scaler)} scales it by ${textAt(map, 'type')}`,
          }
        }),
    )

/** A queue's address ends with its name, and may hold more than should be shown. */
const lastPart = (text: string): string => text.split('/').at(-1)?.split(/[?#@]/)[0] ?? text
