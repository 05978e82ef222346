import { z } from 'zod'
import type { PlatformWaiver } from '../platform/waivers.ts'
import { unreadEnds } from './calendar-rules.ts'
import { documented } from './documented.ts'
import { parityOf, platformWaiversOf } from './normalise.ts'
import { parseBySchema, type Read, readPositionedYaml } from './positioned-yaml.ts'
import type { ParitySettings } from './release.ts'
import { paritySchema, platformWaiverSchema } from './release-schema.ts'

const waiversSchema = z.strictObject({
  waivers: documented(z.array(platformWaiverSchema), 'Findings that somebody takes responsibility for.'),
  parity: documented(paritySchema, 'How blue and green may differ.'),
})

export type WaiversFile = { readonly platform: readonly PlatformWaiver[]; readonly parity: ParitySettings }

/** The file of `titrate check --waivers`: what a release file says below `platform` and `parity`, for those without one. */
export const readWaivers = (path: string): Read<WaiversFile> => {
  const read = readPositionedYaml(path)
  if (read.kind === 'faults') return read
  const parsed = parseBySchema(read.value, waiversSchema)
  if (parsed.kind === 'faults') return parsed
  const { waivers = [], parity } = parsed.value
  const faults = [
    ...unreadEnds(waivers, ['waivers'], read.value),
    ...unreadEnds(parity?.waivers ?? [], ['parity', 'waivers'], read.value),
  ]
  if (faults.length > 0) return { kind: 'faults', faults }
  const value = { platform: platformWaiversOf(waivers, 'UTC'), parity: parityOf({ parity, calendar: undefined }) }
  return { kind: 'ok', value }
}
