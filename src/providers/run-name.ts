import type { Millis } from '../moves/goal.ts'

/** `<schedule>-<epoch seconds of the tick>`, unique in its environment. */
export const runNameOf = (service: string, tick: Millis): string => `${service}-${Math.floor(tick / 1_000)}`

/** `<service>-trial-<number of the intent>`. */
export const trialNameOf = (service: string, intent: string): string => `${service}-trial-${intent.split('/').at(-1)}`
