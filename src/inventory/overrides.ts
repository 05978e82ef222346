import type { ServiceKind } from './estate.ts'

/** What the release file says of one service; it wins over what is seen, and over what the environment's file says. */
export type ServiceOverride = {
  readonly kinds?: readonly ServiceKind[]
  /** Services that it calls, added to those that are seen. */
  readonly needs?: readonly string[]
  /** Services that it doesn't call, although it looks like it (`needs: { not: […] }`). */
  readonly needsNot?: readonly string[]
  /** `one`: a single copy anywhere. `many`: several may run, although it looks otherwise. */
  readonly concurrency?: 'one' | 'many'
  /** Its name on green, where that differs. */
  readonly greenName?: string
}

export type Overrides = Readonly<Record<string, ServiceOverride>>

const none: ServiceOverride = {}

export const overrideOf = (overrides: Overrides, service: string): ServiceOverride =>
  (Object.hasOwn(overrides, service) ? overrides[service] : undefined) ?? none
