import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import type { ProbeWanted } from '../../src/providers/kubernetes/probe/probe-job.ts'
import { runProbe } from '../../src/providers/kubernetes/probe/run-probe.ts'
import { tellProbe } from '../../src/providers/kubernetes/probe/tell-probe.ts'
import { clusterGiven, hasClusters, makeNamespace, okOf, soon } from './clusters.ts'
import { connectTo } from './connect-to.ts'
import { does, says } from './stages.ts'

describe.skipIf(!hasClusters)('a probe on a real cluster', () => {
  let cluster: Cluster
  let namespace: string
  beforeAll(async () => {
    cluster = await connectTo(clusterGiven('green'))
    namespace = await makeNamespace(cluster, 'probe')
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'web' } }
    const accounts = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true }
    await okOf(cluster.client.create(accounts, account, { signal: soon() }))
  })
  afterAll(async () => {
    await cluster.client.remove(kinds.namespaces, { name: namespace }, { signal: soon() })
    await cluster.close()
  })

  const wanted = (name: string, more: Partial<ProbeWanted> = {}): ProbeWanted => ({
    name,
    namespace,
    service: 'web',
    targets: [
      { host: 'db.example', port: 5432 },
      { host: 'partner.example', port: 443 },
    ],
    seconds: 5,
    labels: {},
    pod: { serviceAccountName: 'web' },
    ...more,
  })
  const probe = (
    annotations: Readonly<Record<string, string>>,
    by: ProbeWanted,
    signal = AbortSignal.timeout(60_000),
  ) => runProbe(cluster, { image: 'registry.example/probe:1', leavesBy: 'https://ip.example', annotations }, by, signal)
  const job = (name: string) => okOf(cluster.client.get(kinds.jobs, { namespace, name }, { signal: soon() }))

  it('tells what its pod found, and leaves nothing behind when all is well', async () => {
    const said = 'ok db.example 5432 10.1.2.3\nok partner.example 443 198.51.100.4\nleaves 203.0.113.7\n'
    const end = await probe({ [does]: 'say', [says]: said }, wanted('well'))
    expect(tellProbe(end, 'green, as account web')).toEqual({
      passed: true,
      summary: expect.stringMatching(
        /^from green, as account web \(its pod is [\d.]+, it is seen outside as 203\.0\.113\.7\):\ndb\.example:5432 answers \(10\.1\.2\.3\)\npartner\.example:443 answers \(198\.51\.100\.4\)$/,
      ),
      figures: { targets: 2, unreachable: 0 },
    })
    const gone = await job('well')
    expect(gone === null || gone.metadata?.deletionTimestamp !== undefined).toBe(true)
  })

  it('stays for people to look at when something is out of reach, and is not run twice for one intent', async () => {
    const said = 'unresolved db.example 5432 -\nok partner.example 443 198.51.100.4\n'
    const annotations = { [does]: 'say', [says]: said }
    const end = await probe(annotations, wanted('badly'))
    expect(tellProbe(end, 'green')).toMatchObject({
      passed: false,
      summary: expect.stringContaining('\ndb.example:5432 has no address there\npartner.example:443 answers'),
      figures: { unreachable: 1 },
    })
    const first = await job('badly')
    expect(first?.spec?.template.spec).toMatchObject({ serviceAccountName: 'web', restartPolicy: 'Never' })
    expect(await probe(annotations, wanted('badly'))).toEqual(end)
    expect((await job('badly'))?.metadata?.uid).toBe(first?.metadata?.uid)
  })

  it('that may not be run has checked nothing, and says why', async () => {
    const end = await probe({}, wanted('nowhere', { namespace: 'not-there' }))
    expect(tellProbe(end, 'green')).toMatchObject({
      passed: true,
      summary: expect.stringMatching(/^not checked: .*namespaces "not-there" not found/),
    })
  })

  it('that comes to nothing has failed: no word, or no image', async () => {
    expect(tellProbe(await probe({}, wanted('silent')), 'green')).toMatchObject({
      passed: false,
      summary: expect.stringContaining('said nothing: the image needs a shell'),
    })
    const stop = new AbortController()
    const waiting = probe({ [does]: 'image' }, wanted('imageless'), stop.signal)
    const pods = cluster.watches.of(kinds.pods, { namespace })
    const isStuck = Promise.withResolvers<void>()
    pods.onChange(({ object }) => {
      if (object.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ImagePullBackOff') isStuck.resolve()
    }, stop.signal)
    await isStuck.promise
    stop.abort()
    expect(await waiting).toMatchObject({ kind: 'failed', because: expect.stringContaining('ImagePullBackOff') })
  })
})
