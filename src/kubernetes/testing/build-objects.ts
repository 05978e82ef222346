import type { Json } from '../../moves/goal.ts'
import { indexObjects, type KubernetesIndex } from '../index-objects.ts'
import type { JsonMap } from '../json.ts'
import { isMap } from '../json.ts'
import type { KubernetesObject } from '../object.ts'
import { readObjects } from '../read-objects.ts'

export type Body = { readonly [key: string]: Json }

/** One map over another, key by key; lists and null replace what was there. */
export const over = (base: JsonMap, change: JsonMap): JsonMap => {
  const merged: Record<string, Json> = { ...base }
  for (const [key, value] of Object.entries(change)) {
    const before = merged[key]
    merged[key] = isMap(before) && isMap(value) ? over(before, value) : value
  }
  return merged
}

export const metaOf = (name: string, more: Body = {}): Body => ({ name, namespace: 'shop', ...more })

/** Requests and limits that Fargate has nothing to say about. */
export const fair = {
  requests: { cpu: '250m', memory: '256Mi' },
  limits: { cpu: '250m', memory: '256Mi' },
} as const

export const aContainer = (change: Body = {}): Body =>
  over({ name: 'app', image: 'shop/web:1.4', resources: fair }, change)

/** A pod's spec with one container; `pod` is laid over it. */
export const aPod = (pod: Body = {}, container: Body = {}): Body => over({ containers: [aContainer(container)] }, pod)

type Parts = {
  readonly pod?: Body
  readonly container?: Body
  readonly spec?: Body
  readonly meta?: Body
  readonly labels?: Body
}

export const aDeployment = (name: string, { pod, container, spec, meta, labels }: Parts = {}): Body => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: metaOf(name, meta),
  spec: over(
    {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name, ...labels } }, spec: aPod(pod, container) },
    },
    spec ?? {},
  ),
})

export const aCronJob = (name: string, { pod, container, spec, meta }: Parts = {}, job: Body = {}): Body => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: metaOf(name, meta),
  spec: over(
    {
      schedule: '0 3 * * *',
      timeZone: 'UTC',
      jobTemplate: {
        spec: over(
          {
            ttlSecondsAfterFinished: 300,
            template: {
              metadata: { labels: { app: name } },
              spec: aPod({ restartPolicy: 'Never', ...pod }, container),
            },
          },
          job,
        ),
      },
    },
    spec ?? {},
  ),
})

export const aWorkload = (kind: string, name: string, parts: Parts = {}, apiVersion = 'apps/v1'): Body => ({
  ...aDeployment(name, parts),
  kind,
  apiVersion,
})

export const anObject = (apiVersion: string, kind: string, name: string, rest: Body = {}, meta: Body = {}): Body => ({
  apiVersion,
  kind,
  metadata: metaOf(name, meta),
  ...rest,
})

export const aKubernetesService = (name: string, spec: Body = {}, meta: Body = {}): Body =>
  anObject(
    'v1',
    'Service',
    name,
    { spec: over({ selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] }, spec) },
    meta,
  )

export const theLogging = (data: Body = { 'output.conf': '[OUTPUT]\n  Name cloudwatch_logs\n' }): Body =>
  anObject('v1', 'ConfigMap', 'aws-logging', { data }, { namespace: 'aws-observability' })

export const objectsOf = (...bodies: readonly Body[]): readonly KubernetesObject[] =>
  readObjects(
    bodies.map((value) => ({ value, place: null })),
    'default',
  ).objects

export const indexOf = (...bodies: readonly Body[]): KubernetesIndex => indexObjects(objectsOf(...bodies))
