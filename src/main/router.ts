import type { RouterSetting } from '../config/environment-settings.ts'
import type { Claims, Traffic } from '../engine/ports.ts'
import { connectRouter } from '../providers/proxy/router-client.ts'

/** What divides user traffic, as the rest of a release sees it. */
export type ReleaseRouter = {
  readonly claims: Claims
  readonly traffic: Traffic
  /** Where its own figures are read; null: it has none, or doesn't run. */
  readonly metricsAddress: () => string | null
  close(): void
}

/** The one place where a kind of router is connected to; each is loaded when a release names it. */
export const connectReleaseRouter = async (setting: RouterSetting | null): Promise<ReleaseRouter | null> => {
  if (setting === null) return null
  switch (setting.kind) {
    case 'local':
      return connectRouter(setting.file)
    default:
      return setting.kind satisfies never
  }
}
