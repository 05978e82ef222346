import { argoRollouts } from '../peers/argo-rollouts.ts'
import { flagger } from '../peers/flagger.ts'
import { kayenta } from '../peers/kayenta.ts'
import type { RuleSet } from '../peers/rule-set.ts'
import { titrate } from './titrate-rules.ts'

const MINUTE = 12

/** All that are compared, by a name that tables have room for. */
export const ruleSets = {
  Titrate: titrate,
  'Argo 1 min': argoRollouts({ intervalSamples: MINUTE, reading: 'kind' }),
  'Argo 5 min': argoRollouts({ intervalSamples: 5 * MINUTE, reading: 'kind' }),
  'Flagger tutorial': flagger('tutorial', 'kind'),
  'Flagger chart': flagger('podinfo chart', 'kind'),
  'Kayenta 5 min': kayenta('kind'),
  'Argo 1 min, to the letter': argoRollouts({ intervalSamples: MINUTE, reading: 'to the letter' }),
  'Argo 5 min, to the letter': argoRollouts({ intervalSamples: 5 * MINUTE, reading: 'to the letter' }),
  'Flagger tutorial, to the letter': flagger('tutorial', 'to the letter'),
  'Flagger chart, to the letter': flagger('podinfo chart', 'to the letter'),
  'Kayenta 5 min, to the letter': kayenta('to the letter'),
} as const satisfies Readonly<Record<string, RuleSet>>

export type RuleSetName = keyof typeof ruleSets

export const comparedRules = [
  'Titrate',
  'Argo 1 min',
  'Argo 5 min',
  'Flagger tutorial',
  'Flagger chart',
  'Kayenta 5 min',
] as const satisfies readonly RuleSetName[]

export const literalRules = [
  'Argo 1 min, to the letter',
  'Argo 5 min, to the letter',
  'Flagger tutorial, to the letter',
  'Flagger chart, to the letter',
  'Kayenta 5 min, to the letter',
] as const satisfies readonly RuleSetName[]

/** Those that raise weights by themselves. */
export const rampingRules = [
  'Titrate',
  'Argo 5 min',
  'Flagger tutorial',
  'Flagger chart',
] as const satisfies readonly RuleSetName[]
