import { describe, expect, it } from 'vitest'
import {
  aCronJob,
  aDeployment,
  aKubernetesService,
  anObject,
  type Body,
  indexOf,
} from '../../kubernetes/testing/build-objects.ts'
import { takeInventory } from '../take-inventory.ts'
import { readEnvironment } from './read-environment.ts'

const read = (...bodies: readonly Body[]) =>
  readEnvironment(indexOf(...bodies), { name: 'an environment', readAt: 0, digest: (text) => text })
/** What the plan says of it, beside how kinds are told. */
const found = (...bodies: readonly Body[]) =>
  takeInventory({ blue: read(...bodies), green: read(), overrides: {} }).findings.filter(({ message }) =>
    /^On (blue|green), /.test(message),
  )
const only = (...bodies: readonly Body[]) => {
  const [first, ...rest] = found(...bodies)
  if (first === undefined || rest.length > 0) throw new Error(`not one finding: ${rest.length + (first ? 1 : 0)}`)
  return first
}

/** Who has set which field, as the API server keeps it. */
const fieldsOf = (manager: string, fieldsV1: Body): Body => ({
  managedFields: [{ manager, operation: 'Apply', fieldsV1 }],
})
const replicas: Body = { 'f:spec': { 'f:replicas': {} } }
const image: Body = { 'f:spec': { 'f:template': {} } }

describe('what Argo CD would put back', () => {
  const tracked: Body = { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/web' } }
  const application = (spec: Body): Body =>
    anObject('argoproj.io/v1alpha1', 'Application', 'shop', { spec }, { namespace: 'argocd' })
  const healing: Body = { automated: { selfHeal: true } }
  const rule: Body = { group: 'apps', kind: 'Deployment', name: 'web', jsonPointers: ['/spec/replicas'] }
  const web = aDeployment('web', { meta: tracked })

  it('is said with the setting that lets it be, and blocks where it heals by itself', () => {
    expect(only(web, application({ syncPolicy: healing }))).toEqual({
      severity: 'blocks',
      service: 'web',
      message:
        'On blue, Argo CD application shop sets [/spec/replicas] of Deployment shop/web, which the release changes, and puts it back within seconds (selfHeal is on). Add to the Application: spec.ignoreDifferences: [{ group: apps, kind: Deployment, name: web, jsonPointers: [/spec/replicas] }] and spec.syncPolicy.syncOptions: [RespectIgnoreDifferences=true]; or leave the fields out of its source.',
      declare: null,
    })
    expect(only(web, application({}))).toMatchObject({ severity: 'note' })
    expect(only(web).message).toContain('its Application was not found here')
  })

  it('is nothing once the difference is ignored, and respected', () => {
    const syncPolicy = { ...healing, syncOptions: ['RespectIgnoreDifferences=true'] }
    expect(found(web, application({ ignoreDifferences: [rule], syncPolicy }))).toEqual([])
    const byManager = { group: '*', kind: '*', managedFieldsManagers: ['titrate'] }
    expect(found(web, application({ ignoreDifferences: [byManager], syncPolicy }))).toEqual([])
    // Ignored in what it shows, and written all the same.
    expect(only(web, application({ ignoreDifferences: [rule], syncPolicy: healing })).severity).toBe('blocks')
    const other = { ...rule, name: 'other' }
    expect(only(web, application({ ignoreDifferences: [other], syncPolicy })).severity).toBe('blocks')
  })

  it('is nothing that its source leaves out, as for a workload that an HPA scales', () => {
    const withFields = (fields: Body) =>
      aDeployment('web', { meta: { ...tracked, ...fieldsOf('argocd-controller', fields) } })
    expect(found(withFields(image), application({ syncPolicy: healing }))).toEqual([])
    expect(found(withFields(replicas), application({ syncPolicy: healing }))).toHaveLength(1)
    const hpa = anObject(
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      'web',
      { spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 2, maxReplicas: 9 } },
      tracked,
    )
    expect(only(withFields(image), hpa, application({ syncPolicy: healing })).message).toContain(
      'sets [/spec/minReplicas, /spec/maxReplicas] of HorizontalPodAutoscaler shop/web',
    )
  })
})

describe('what Flux would put back', () => {
  const labels = { 'kustomize.toolkit.fluxcd.io/name': 'shop', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' }
  const nightly = (annotations: Body = {}) =>
    aCronJob('nightly', { meta: { labels, annotations }, spec: { suspend: false } })
  const kustomization = (spec: Body): Body =>
    anObject('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'shop', { spec }, { namespace: 'flux-system' })

  it('blocks, as it corrects at each interval, with the setting of either version', () => {
    const { severity, message } = only(nightly())
    expect(severity).toBe('blocks')
    expect(message).toContain('spec.ignore: [{ paths: [/spec/suspend], target: { kind: CronJob, name: nightly } }]')
    expect(message).toContain('kustomize.toolkit.fluxcd.io/ssa: IfNotPresent')
  })

  it('is nothing where it is told to let the object or the field be, or is suspended', () => {
    expect(found(nightly({ 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' }))).toEqual([])
    expect(found(nightly({ 'kustomize.toolkit.fluxcd.io/ssa': 'Merge' }))).toHaveLength(1)
    expect(found(nightly({ 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' }))).toEqual([])
    const rule = { paths: ['/spec/suspend'], target: { kind: 'CronJob', name: 'night.*' } }
    expect(found(nightly(), kustomization({ ignore: [rule] }))).toEqual([])
    expect(found(nightly(), kustomization({ ignore: [{ ...rule, target: { kind: 'Job' } }] }))).toHaveLength(1)
    expect(found(nightly(), kustomization({ suspend: true }))).toEqual([])
  })

  it('of a chart is said for the next upgrade, and blocks where drift is corrected', () => {
    const meta = {
      labels: { 'helm.toolkit.fluxcd.io/name': 'shop', 'helm.toolkit.fluxcd.io/namespace': 'flux-system' },
      annotations: { 'meta.helm.sh/release-name': 'shop' },
    }
    const web = aDeployment('web', { meta })
    const release = (spec: Body): Body =>
      anObject('helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'shop', { spec }, { namespace: 'flux-system' })
    expect(only(web, release({}))).toMatchObject({
      severity: 'note',
      message: expect.stringContaining('spec.suspend: true'),
    })
    const driftDetection = { mode: 'enabled' }
    expect(only(web, release({ driftDetection })).message).toContain(
      'spec.driftDetection.ignore: [{ paths: [/spec/replicas]',
    )
    const ignore = [{ paths: ['/spec/replicas'], target: { kind: 'Deployment' } }]
    expect(found(web, release({ driftDetection: { ...driftDetection, ignore } }))).toEqual([])
    expect(found(web, release({ suspend: true }))).toEqual([])
  })
})

describe('what would be put back of how users are divided', () => {
  it('is said of the routes that send to a service', () => {
    const meta = { annotations: { 'meta.helm.sh/release-name': 'shop' } }
    const route = (name: string, to: string): Body =>
      anObject(
        'gateway.networking.k8s.io/v1',
        'HTTPRoute',
        name,
        { spec: { rules: [{ backendRefs: [{ name: to }] }] } },
        meta,
      )
    const web = [aDeployment('web'), aKubernetesService('web')]
    expect(only(...web, route('front', 'web'), route('other', 'elsewhere')).message).toContain(
      'sets [/spec/rules] of HTTPRoute shop/front',
    )
  })
})

describe('what Helm would put back', () => {
  it('is said for the next upgrade, and only of what the chart sets', () => {
    const meta = (fields: Body) => ({
      annotations: { 'meta.helm.sh/release-name': 'shop' },
      ...fieldsOf('helm', fields),
    })
    expect(only(aDeployment('web', { meta: meta(replicas) }))).toMatchObject({
      severity: 'note',
      message: expect.stringContaining('The next helm upgrade puts it back (Helm 4 stops with a conflict instead)'),
    })
    expect(found(aDeployment('web', { meta: meta(image) }))).toEqual([])
  })

  it('is told of green as well, where GitOps made the copy', () => {
    const web = aDeployment('web', { meta: { annotations: { 'meta.helm.sh/release-name': 'shop' } } })
    const { findings } = takeInventory({ blue: read(aDeployment('web')), green: read(web), overrides: {} })
    expect(findings.map(({ message }) => message).join()).toContain('On green, Helm release shop sets [/spec/replicas]')
  })

  it('is nothing for what people apply by hand', () => {
    expect(found(aDeployment('web'), aCronJob('nightly'))).toEqual([])
  })
})
