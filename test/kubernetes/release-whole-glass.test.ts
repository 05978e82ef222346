import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../src/providers/kubernetes/client/resource.ts'
import type { Line } from '../follow-command.ts'
import { hasClusters } from './clusters.ts'
import { openWholeEstate, type WholeEstate, wholePolicy } from './open-whole-estate.ts'
import { estateOfAllKinds } from './whole-estate.ts'

const { exposed, workers } = estateOfAllKinds
type Objects = Awaited<ReturnType<WholeEstate['blue']>>

const isGate = ({ event }: Line): boolean =>
  event.kind === 'called a person' && event.because.includes('approval "release"')
const halfWayMs = 300_000

/** Break-glass leaves its marks on objects, and what is to be taken off at the end. */
const withoutMarks = (objects: Objects): Objects =>
  Object.fromEntries(
    Object.entries(objects).flatMap(([title, object]): readonly (readonly [string, KubernetesObject])[] => {
      const { annotations, labels, ...metadata } = object.metadata ?? {}
      if (Object.keys(labels ?? {}).some(isOurs)) return []
      const kept = Object.entries(annotations ?? {}).filter(([key]) => !isOurs(key))
      return [
        [title, { ...object, metadata: { ...metadata, labels: labels ?? {}, annotations: Object.fromEntries(kept) } }],
      ]
    }),
  )
const isOurs = (key: string): boolean => key.startsWith('titrate.dev/')

describe.skipIf(!hasClusters)('an estate of all kinds, half of whose users are on green', () => {
  let whole: WholeEstate
  let before: Objects
  beforeAll(async () => {
    whole = await openWholeEstate('glass', estateOfAllKinds)
    before = await whole.blue()
  })
  afterAll(() => whole?.close())

  it('goes back by break-glass, when the engine is dead', async () => {
    const { estate } = whole
    await whole.init('glass', { policy: { ...wholePolicy, approvals: { beforeRelease: true } } })
    const engine = estate.start('run', '--yes', '--output', 'json')
    // One that never gets there is left, and what it said is told.
    const limit = setTimeout(() => engine.kill('SIGTERM'), halfWayMs)
    await engine.until(() => engine.lines().filter(isGate).length === exposed.length)
    clearTimeout(limit)
    expect(await whole.weights()).toEqual(exposed.flatMap(({ name }) => [`${name} 50`, `${name}-green 50`]).toSorted())
    expect(await whole.ours()).toContain('HTTPRoute titrate-test-web-shop')
    engine.kill('SIGKILL')
    await engine.ended

    const glass = await estate.titrate('rollback', '--break-glass', '--yes', '--because', 'all is lost')
    expect(glass.out).not.toMatch(/NO\b/)
    expect(glass.code).toBe(0)
    await whole.expectSchedules('blue')
    const left = await whole.ours()
    expect(left.filter((each) => !/^(?:Job|CronJob) /.test(each))).toEqual([])
    const now = withoutMarks(await whole.blue())
    const scaled = `ScaledObject ${estate.namespace}/importer`
    // An autoscaler's minimum is held for as long as the environment is the release's.
    const { spec } = before[scaled] as { readonly spec: object } // every object of its kind has one
    expect(now[scaled]).toMatchObject({ spec: { ...spec, minReplicaCount: 2 } })
    expect({ ...now, [scaled]: null }).toEqual({ ...withoutMarks(before), [scaled]: null })
    for (const { name } of workers) expect([name, whole.workers.on('green', name)]).toEqual([name, []])
    whole.expectServed()
  }, 400_000)

  it('is given free by a rollback of what the journal still says, and blue is as it was', async () => {
    const { estate } = whole
    const engine = estate.start('run', '--yes', '--output', 'json')
    await engine.until(({ event }) => event.kind === 'stop seen')
    expect((await estate.titrate('resume', '--clear-stop')).code).toBe(0)
    const { code, err } = await estate.titrate('rollback', '--yes')
    expect({ code, err }).toMatchObject({ code: 0 })
    expect((await engine.ended).code).toBe(4)
    expect(await whole.ours()).toEqual([])
    expect(await whole.blue()).toEqual(before)
    expect([...whole.workers.twice]).toEqual([])
    expect(await whole.ticks('blue')).toMatchObject({ duplicates: [], misses: [] })
    whole.expectServed()
  }, 400_000)
})
