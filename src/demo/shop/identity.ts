import { readFileSync } from 'node:fs'
import type { Trouble, TroubleKind } from '../trouble.ts'

/** What a process of the shop is told by its environment. */
export const setting = (name: string): string => {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`${name} is not set: the shop runs in an environment`)
  return value
}

const lookEveryMs = 150

const read = (file: string): readonly Trouble[] => {
  try {
    // The demo writes this file, in this shape; a process of the shop must start fast, so it is not checked again.
    return JSON.parse(readFileSync(file, 'utf8')) as readonly Trouble[]
  } catch {
    return []
  }
}

/** What is wrong with this process now: the amount of each trouble; null: it isn't in that trouble. */
export const watchTrouble = (): ((what: TroubleKind) => number | null) => {
  const file = setting('SHOP_TROUBLE')
  const environment = setting('TITRATE_ENVIRONMENT')
  const service = setting('TITRATE_SERVICE')
  const look = () => read(file).filter((one) => one.environment === environment && one.service === service)
  let mine = look()
  setInterval(() => {
    mine = look()
    const crash = mine.find((one) => one.what === 'crash')
    if (crash !== undefined && process.uptime() * 1_000 > crash.amount) process.exit(70)
  }, lookEveryMs).unref()
  return (what) => mine.find((one) => one.what === what)?.amount ?? null
}
