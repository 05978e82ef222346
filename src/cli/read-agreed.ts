import { faultsError } from '../config/format-fault.ts'
import { readWaivers, type WaiversFile } from '../config/read-waivers.ts'
import { overridesOf, type ResolvedRelease } from '../config/release.ts'
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

type AgreedFlags = { readonly waivers: string | undefined; readonly file: string }
export type Agreed = WaiversFile & { readonly overrides: Overrides; readonly notes: readonly string[] }

/** What people agreed on: in the file of --waivers, and in the release file, where there is one. */
export const readAgreed = async (deps: Deps, flags: AgreedFlags): Promise<Agreed> => {
  const isOne = await isThere(deps, absolute(deps, flags.file))
  return agreedWith(deps, flags, isOne ? await loadRelease(deps, flags.file) : null)
}

/** The same where it is known: the release file as it was read, or null for none. */
export const agreedWith = (deps: Deps, { waivers, file }: AgreedFlags, own: ResolvedRelease | null): Agreed => {
  const given = waivers === undefined ? null : readWaivers(absolute(deps, waivers))
  if (given?.kind === 'faults') throw faultsError(given.faults)
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
