import { writeFileSync } from 'node:fs'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { CronJob } from 'kubernetes-types/batch/v1.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { hasClusters, okOf, soon } from './clusters.ts'
import { cronJobOf, deploymentOf, serviceOf } from './contract-world.ts'
import { openReleaseEstate, quickPolicy, type ReleaseEstate } from './release-estate.ts'

const label = 'compute'

const greenJob = (namespace: string, name: string): CronJob => {
  const job = cronJobOf(namespace, name, { suspend: true })
  const template = job.spec?.jobTemplate.spec?.template
  if (template !== undefined) template.metadata = { ...template.metadata, labels: { [label]: 'fargate' } }
  return { ...job, metadata: { namespace, name: `${name}-green` } }
}

/** With labels of its own, and the split's. `app`: what it shares with blue's copy. */
const greenDeployment = (namespace: string, name: string, app: string): Deployment => {
  const deployment = deploymentOf(namespace, name, 0)
  const labels = { app, [label]: 'fargate' }
  return {
    ...deployment,
    metadata: { namespace, name: `${name}-green` },
    spec: {
      ...deployment.spec,
      selector: { matchLabels: labels },
      template: { ...deployment.spec?.template, metadata: { labels } },
    },
  }
}

describe.skipIf(!hasClusters)('a release of one namespace that a label splits', () => {
  let estate: ReleaseEstate
  const writeRelease = (more: object = {}): void => {
    const shared = { context: 'blue', namespaces: [estate.namespace] }
    const release = {
      ...{ apiVersion: 'titrate.dev/v1alpha1', kind: 'Release', name: 'split' },
      blue: { kubernetes: shared },
      green: { kubernetes: { ...shared, selector: `${label}=fargate` } },
      services: { counter: { kinds: ['internal'] } },
      ...quickPolicy,
      ...more,
    }
    writeFileSync(estate.path('release.yaml'), stringify(release))
  }
  beforeAll(async () => {
    estate = await openReleaseEstate('split')
    const { namespace } = estate
    await estate.create('blue', kinds.cronJobs, cronJobOf(namespace, 'tidy', { suspend: false }))
    await estate.create('blue', kinds.deployments, deploymentOf(namespace, 'counter', 1))
    writeRelease()
  })
  afterAll(() => estate?.close())

  it('is refused while green has no copies, as none are made behind blue’s Services', async () => {
    const { code, err } = await estate.titrate('plan')
    const { namespace } = estate
    expect(err).toContain(
      `On green, tidy would be CronJob ${namespace}/tidy-green, which is not there, and nothing is copied into a namespace that both sides share`,
    )
    expect(code).toBe(0)
    expect((await estate.titrate('run')).code).toBe(1)
  })

  it('is refused when a Service of blue would send to green too', async () => {
    const { namespace } = estate
    await estate.create('blue', kinds.cronJobs, greenJob(namespace, 'tidy'))
    await estate.create('blue', kinds.deployments, greenDeployment(namespace, 'counter', 'counter'))
    await estate.create('blue', kinds.services, serviceOf(namespace, 'counter'))
    const { err } = await estate.titrate('plan')
    expect(err).toContain(`Service ${namespace}/counter selects the pods of both`)
    const { client } = estate.clusters.blue
    await okOf(client.remove(kinds.deployments, { namespace, name: 'counter-green' }, { signal: soon() }))
    await okOf(client.remove(kinds.services, { namespace, name: 'counter' }, { signal: soon() }))
  })

  it('moves what has labels of its own, with each tick in one place', async () => {
    const { namespace } = estate
    await estate.create('blue', kinds.deployments, greenDeployment(namespace, 'counter', 'counter-green'))
    const labels = ['spec.selector.*', 'spec.template.metadata.labels.*']
    const waivers = labels.map((path) => ({ service: 'counter', path, reason: 'labels of its own' }))
    writeRelease({ parity: { waivers } })
    const { out, err, code } = await estate.titrate('run', '--yes')
    expect(err).not.toContain('blocks:')
    expect(out).toContain('split: done')
    expect(code).toBe(0)
    expect(await estate.isSuspended('blue', 'tidy')).toBe(true)
    expect(await estate.isSuspended('blue', 'tidy-green')).toBe(false)
    expect((await estate.deployment('blue', 'counter-green'))?.spec?.replicas).toBe(1)
    expect((await estate.titrate('ledger')).code).toBe(0)
  }, 400_000)

  it('goes back by break-glass', async () => {
    const { out, code } = await estate.titrate('rollback', '--break-glass', '--yes')
    expect(out).not.toMatch(/NO\b/)
    expect(code).toBe(0)
    expect(await estate.isSuspended('blue', 'tidy')).toBe(false)
    expect(await estate.isSuspended('blue', 'tidy-green')).toBe(true)
    expect((await estate.deployment('blue', 'counter-green'))?.spec?.replicas).toBe(0)
  }, 200_000)
})
