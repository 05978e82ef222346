import { faultsError } from '../config/format-fault.ts'
import { readWaivers, type WaiversFile } from '../config/read-waivers.ts'
import { overridesOf } from '../config/release.ts'
import type { Overrides } from '../inventory/overrides.ts'
import { type AwsFacts, readAwsFacts } from '../platform/aws-facts.ts'
import type { Deps } from './deps.ts'
import { absolute, isThere, loadRelease } from './release-file.ts'

export type Facts = { readonly facts: AwsFacts; readonly notes: readonly string[] }
export const noFacts: Facts = { facts: readAwsFacts([]).facts, notes: [] }

export const readFacts = async (deps: Deps, path: string): Promise<Facts> => {
  const { documents } = await deps.readManifests(absolute(deps, path), path, 'facts')
  const { facts, unknown } = readAwsFacts(documents)
  return { facts, notes: unknown.map((place) => `${place}: no answer of AWS that a rule uses; left out`) }
}

export type Agreed = WaiversFile & { readonly overrides: Overrides; readonly notes: readonly string[] }

/** What people agreed on: in the file of --waivers, and in the release file, where there is one. */
export const readAgreed = async (
  deps: Deps,
  { waivers, file }: { readonly waivers: string | undefined; readonly file: string },
): Promise<Agreed> => {
  const given = waivers === undefined ? null : readWaivers(absolute(deps, waivers))
  if (given?.kind === 'faults') throw faultsError(given.faults)
  const own = (await isThere(deps, absolute(deps, file))) ? await loadRelease(deps, file) : null
  return {
    platform: [...(given?.value.platform ?? []), ...(own?.platform.waivers ?? [])],
    parity: {
      rewrites: [...(given?.value.parity.rewrites ?? []), ...(own?.parity.rewrites ?? [])],
      waivers: [...(given?.value.parity.waivers ?? []), ...(own?.parity.waivers ?? [])],
    },
    overrides: own === null ? {} : overridesOf(own),
    notes: own === null ? [] : [`${file}: its waivers, rewrites and services count here too`],
  }
}
