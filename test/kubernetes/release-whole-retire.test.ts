import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { annotation } from '../../src/providers/kubernetes/annotations.ts'
import { pausedReplicas } from '../../src/providers/kubernetes/autoscaler.ts'
import { httpRoutes } from '../../src/providers/kubernetes/gateway/http-route.ts'
import { hasClusters, okOf, soon } from './clusters.ts'
import { objectsSeen } from './objects-seen.ts'
import { openWholeEstate, type WholeEstate, wholePolicy } from './open-whole-estate.ts'
import { type EstateOfKinds, estateOfAllKinds } from './whole-estate.ts'

const few = new Set(['web', 'prices', 'mailer', 'resizer', 'importer', 'shards', 'invoices', 'yearly'])
const only = <T extends { readonly name: string }>(all: readonly T[]): readonly T[] =>
  all.filter(({ name }) => few.has(name))
const fewOfAllKinds: EstateOfKinds = {
  exposed: only(estateOfAllKinds.exposed).map((each) => ({ ...each, calls: ['prices'] })),
  internal: only(estateOfAllKinds.internal),
  workers: only(estateOfAllKinds.workers),
  jobs: only(estateOfAllKinds.jobs),
}

/** What a release writes on objects to know them by; that a copy is one stays. */
const marks = [annotation.stamp, annotation.traffic, annotation.pausedAt, annotation.nudgedAt]

describe.skipIf(!hasClusters)('a release that is done, with users', () => {
  let whole: WholeEstate
  beforeAll(async () => {
    whole = await openWholeEstate('retired', fewOfAllKinds)
    await whole.init('retired', { policy: wholePolicy })
    const engine = whole.estate.start('run', '--yes')
    const limit = setTimeout(() => engine.kill('SIGTERM'), 200_000)
    const { code, err } = await engine.ended
    clearTimeout(limit)
    expect({ code, err }).toMatchObject({ code: 0 })
  }, 300_000)
  afterAll(() => whole?.close())

  const retire = async (): Promise<void> => {
    const { code, out } = await whole.estate.titrate('retire', '--yes')
    expect({ code, out }).toMatchObject({ code: 0, out: expect.not.stringContaining('not done') })
  }
  const objectsOn = (side: 'blue' | 'green') => objectsSeen(whole.estate.clusters[side], [whole.estate.namespace])

  it('retires blue, and leaves nothing of its own but the way that users go by', async () => {
    await retire()
    expect(await whole.weights()).toEqual(['web 0', 'web-green 100'])
    expect(await whole.ours()).toEqual([expect.stringMatching(/^EndpointSlice web-green-/), 'Service web-green'])
    for (const side of ['blue', 'green'] as const) {
      const objects = Object.entries(await objectsOn(side)).filter(([title]) => !title.endsWith('/web-green'))
      const marked = objects.filter(([, { metadata }]) =>
        marks.some((each) => metadata?.annotations?.[each] !== undefined),
      )
      expect([side, ...marked.map(([title]) => title)]).toEqual([side])
    }
    await whole.expectSchedules('green')
  })

  it('lets blue sleep, and gives autoscalers of green their limits', async () => {
    const { namespace } = whole.estate
    const [blue, green] = [await objectsOn('blue'), await objectsOn('green')]
    for (const kind of ['Deployment', 'StatefulSet'])
      for (const [title, object] of Object.entries(blue).filter(([each]) => each.startsWith(`${kind} `)))
        if (!title.endsWith('/ledger')) expect({ title, object }).toMatchObject({ object: { spec: { replicas: 0 } } })
    const limits = { minReplicas: 2, maxReplicas: 4 }
    expect(green[`HorizontalPodAutoscaler ${namespace}/resizer`]).toMatchObject({ spec: limits })
    expect(blue[`HorizontalPodAutoscaler ${namespace}/resizer`]).toMatchObject({ spec: limits })
    const scaled = `ScaledObject ${namespace}/importer`
    expect(green[scaled]).toMatchObject({ spec: { minReplicaCount: 1, maxReplicaCount: 4 } })
    expect(green[scaled]?.metadata?.annotations?.[pausedReplicas]).toBe(undefined)
    expect(blue[scaled]).toMatchObject({ metadata: { annotations: { [pausedReplicas]: '0' } } })
  })

  it('takes that way away too, once nobody goes by it any more', async () => {
    const { estate } = whole
    whole.expectServed()
    const place = { namespace: estate.namespace, name: 'shop' }
    const body = { spec: { rules: [{ backendRefs: [{ name: 'elsewhere', port: 80 }] }] } }
    const { client } = estate.clusters.blue
    await okOf(client.patch(httpRoutes, place, { kind: 'merge', body }, { signal: soon() }))
    await retire()
    expect(await whole.ours()).toEqual([])
  })
})
