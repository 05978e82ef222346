import type { ResolvedRelease } from '../../config/release.ts'
import type { World } from '../../engine/engine.ts'
import type { Answer, Metrics } from '../../engine/ports.ts'
import type { Side } from '../../moves/goal.ts'
import { inventoryOf, versionOf } from '../../providers/local/definition.ts'
import { readEnvironmentFile } from '../../providers/local/environment-file.ts'
import { ticksBetween, timetableOf } from '../../providers/timetable.ts'

const ok = <T>(value: T): Promise<Answer<T>> => Promise.resolve({ kind: 'ok', value })
const fails = (method: string) => (): never => {
  throw new Error(`nobody should have asked for ${method}`)
}

/** Both environments as their files have them, read and nothing else: whoever acts on them fails. */
export const filedWorld = (release: ResolvedRelease, metrics: Metrics | null = null): World => {
  const environmentOf = (name: Side) => {
    const setting = release[name]
    if (setting.kind !== 'local') throw new Error('only local environments have files')
    const read = readEnvironmentFile(setting.file)
    if (read.kind !== 'ok') throw new Error(JSON.stringify(read.faults))
    return read.environment
  }
  const side = (name: Side): World['sides'][Side] => {
    const environment = environmentOf(name)
    const names = Object.keys(environment.services)
    const refuses = <T extends object>(part: Partial<T>): T =>
      new Proxy(part, {
        get: (known, method) => Reflect.get(known, method) ?? fails(String(method)),
      }) as T // What it has not is what fails.
    return {
      claims: refuses({}),
      workloads: refuses<World['sides'][Side]['workloads']>({
        inventory: (hmacKey: Uint8Array) =>
          ok(
            inventoryOf({
              ...{ environment, hmacKey, now: 0 },
              addressOf: (service) => `http://127.0.0.1:${9_000 + names.indexOf(service)}`,
              appliedVersionOf: (service) => {
                const found = environment.services[service]
                return found === undefined ? '' : versionOf(environment, found)
              },
            }),
          ),
      }),
      schedules: refuses<World['sides'][Side]['schedules']>({
        ticks: (service: string, from: number, until: number) => {
          const schedule = environment.services[service]?.schedule
          return ok(
            schedule == null ? [] : ticksBetween(timetableOf(schedule.cron, schedule.zone, 0), from, until, 1_000),
          )
        },
        runs: () => ok([]),
      }),
    }
  }
  const exposed = Object.values(environmentOf('blue').services).filter(({ port }) => port?.published === true)
  const weights = exposed.map(({ name }) => ({
    ...{ service: name, green: 0, effectiveGreen: 0, ready: { blue: true, green: null }, revision: '1', stamp: null },
  }))
  return {
    sides: { blue: side('blue'), green: side('green') },
    router: {
      claims: side('blue').claims,
      traffic: { list: () => ok(weights) } as unknown as NonNullable<World['router']>['traffic'], // Nothing else is asked.
    },
    metrics,
  }
}
