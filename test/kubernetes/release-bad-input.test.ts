import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import type { Resource } from '../../src/providers/kubernetes/client/resource.ts'
import { createAuthority } from '../../src/providers/kubernetes/client/testing/certificates.ts'
import { sendJson, startScriptedServer } from '../../src/providers/kubernetes/client/testing/scripted-server.ts'
import { clusterGiven, hasOwnClusters, okOf, soon } from './clusters.ts'
import { cronJobOf } from './contract-world.ts'
import { kubeconfigOf } from './control-plane.ts'
import { findFreePorts } from './processes.ts'
import { openReleaseEstate, type ReleaseEstate } from './release-estate.ts'

const group = 'vpcresources.k8s.aws'
const definitions: Resource = {
  ...{ group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' },
  kind: 'CustomResourceDefinition',
  namespaced: false,
}
const policies: Resource = {
  ...{ group, version: 'v1beta1', plural: 'securitygrouppolicies', kind: 'SecurityGroupPolicy' },
  namespaced: true,
}
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `securitygrouppolicies.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind: 'SecurityGroupPolicy', plural: 'securitygrouppolicies', singular: 'securitygrouppolicy' },
    versions: [
      {
        name: 'v1beta1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}

describe.skipIf(!hasOwnClusters)('a release whose green is not as it should be', () => {
  let estate: ReleaseEstate
  beforeAll(async () => {
    estate = await openReleaseEstate('bad')
    await estate.create('blue', kinds.cronJobs, cronJobOf(estate.namespace, 'invoices', { suspend: false }))
  })
  afterAll(() => estate?.close())

  /** What `run` says of a release to this green. Blue is as it was: nothing of it was written. */
  const refusalOf = async (green: object, kubeconfig?: string): Promise<string> => {
    if (kubeconfig !== undefined) writeFileSync(estate.path('green.kubeconfig'), kubeconfig)
    const { namespace } = estate
    const own = kubeconfig === undefined ? {} : { kubeconfig: 'green.kubeconfig' }
    const release = {
      ...{ apiVersion: 'titrate.dev/v1alpha1', kind: 'Release', name: 'bad' },
      blue: { kubernetes: { context: 'blue', namespaces: [namespace] } },
      green: { kubernetes: { context: 'green', namespaces: [namespace], ...own, ...green } },
    }
    writeFileSync(estate.path('release.yaml'), stringify(release))
    const { code, out, err } = await estate.titrate('run')
    expect(code).not.toBe(0)
    expect(out).toBe('')
    const { client } = estate.clusters.blue
    const cronJob = await okOf(client.get(kinds.cronJobs, { namespace, name: 'invoices' }, { signal: soon() }))
    expect(cronJob?.metadata?.generation).toBe(1)
    expect(cronJob?.metadata?.annotations).toBeUndefined()
    const claim = { namespace, name: 'titrate-claim' }
    expect(await okOf(client.get(kinds.configMaps, claim, { signal: soon() }))).toBe(null)
    return err
  }

  it('is refused for a context that is not there, with the nearest one', async () => {
    const err = await refusalOf({ context: 'gren' })
    expect(err).toContain('green: Context gren is not in the kubeconfig')
    expect(err).toContain('Did you mean green?')
  })

  it('is refused when nobody answers', async () => {
    const [port = 0] = await findFreePorts(1)
    const err = await refusalOf({}, kubeconfigOf('green', `https://127.0.0.1:${port}`, '', {}))
    expect(err).toContain(`nothing listens on 127.0.0.1:${port}`)
  })

  it('is refused when the certificate of green has expired', async () => {
    const authority = createAuthority('authority')
    const until = new Date(Date.now() - 60_000)
    const tls = authority.issue({ commonName: 'green', hosts: ['127.0.0.1'], until })
    const server = await startScriptedServer((_, response) => sendJson(response, 200, {}), tls)
    try {
      const err = await refusalOf({}, kubeconfigOf('green', server.url, authority.certificate, {}))
      expect(err).toContain("has expired: it has to be renewed on the cluster's side")
    } finally {
      await server.close()
    }
  })

  it('is refused when our own certificate has expired', async () => {
    const { server, authority } = clusterGiven('green')
    const until = new Date(Date.now() - 60_000)
    const { certificate, key } = createAuthority('another').issue({ commonName: 'ada', until })
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    const user = { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) }
    const err = await refusalOf({}, kubeconfigOf('green', server, authority, user))
    expect(err).toContain('The client certificate expired on')
  })

  it('is refused when green is too old', async () => {
    const version = { major: '1', minor: '24+', gitVersion: 'v1.24.17-eks' }
    const server = await startScriptedServer((_, response) => sendJson(response, 200, version))
    try {
      const err = await refusalOf({}, kubeconfigOf('green', server.url, '', {}))
      expect(err).toContain('Cluster green runs Kubernetes v1.24.17-eks; Titrate needs 1.28 or later')
    } finally {
      await server.close()
    }
  })

  it('is refused when green has no such namespace, or it is being deleted', async () => {
    expect(await refusalOf({ namespaces: ['nowhere'] })).toMatch(
      /green has no namespace nowhere\. .*kubectl create namespace/,
    )
    const { client } = estate.clusters.green
    const { namespace } = estate
    const leaving = `${namespace}-leaving`
    const place = { namespace: leaving, name: 'holds-it' }
    const made = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: leaving } } as const
    await okOf(client.create(kinds.namespaces, made, { signal: soon() }))
    const metadata = { ...place, finalizers: ['test.titrate.dev/holds-it'] }
    await okOf(client.create(kinds.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, { signal: soon() }))
    await okOf(client.remove(kinds.namespaces, { name: leaving }, { signal: soon() }))
    try {
      expect(await refusalOf({ namespaces: [leaving] })).toContain(`namespace ${leaving} of green is being deleted`)
    } finally {
      const body = { metadata: { finalizers: null } }
      await client.patch(kinds.configMaps, place, { kind: 'merge', body }, { signal: soon() })
    }
  })

  it('is refused when green does not know a kind of blue’s', async () => {
    const { client } = estate.clusters.blue
    const { namespace } = estate
    await okOf(client.create(definitions, definition, { signal: soon() }))
    const policy = {
      apiVersion: `${definition.spec.group}/v1beta1`,
      kind: definition.spec.names.kind,
      metadata: { namespace, name: 'database' },
    }
    const made = async () => (await client.create(policies, policy, { signal: soon() })).kind === 'ok'
    // The API server serves a new kind a moment after it has taken it.
    while (!(await made())) await pause(200)
    try {
      const err = await refusalOf({})
      expect(err).toContain(
        'blue has 1 of SecurityGroupPolicy (vpcresources.k8s.aws/v1beta1), and green does not know it',
      )
      expect(err).toContain('Install its CRD')
    } finally {
      await client.remove(definitions, { name: definition.metadata.name }, { signal: soon() })
    }
  })

  it('is refused when two contexts lead to one place', async () => {
    const { kubeconfig } = clusterGiven('blue')
    const same = readFileSync(kubeconfig, 'utf8').replaceAll('"blue"', '"green"')
    const err = await refusalOf({}, same)
    expect(err).toContain('are the same place')
  })
})
