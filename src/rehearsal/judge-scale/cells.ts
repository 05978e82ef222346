import { type Fault, faultWords, noFault } from '../streams/fault.ts'
import { HOUR, type Shape, shapes } from '../streams/shape.ts'
import { comparedRules, literalRules, type RuleSetName, rampingRules } from './rule-sets.ts'

/** Many releases of one kind: the same traffic, the same fault, other chance. */
export type Cell = {
  readonly table: TableName
  readonly shape: Shape
  readonly perSecond: number
  readonly fault: Fault
  readonly ramp: 'given' | 'own'
  /** Samples of each release. */
  readonly length: number
  readonly runs: number
  readonly rules: readonly RuleSetName[]
}

export const tableNames = [
  'healthy, steady',
  'healthy, other shapes',
  'errors, steady',
  'errors, other shapes',
  'other faults',
  'own ramps, healthy',
  'own ramps, errors',
] as const
export type TableName = (typeof tableNames)[number]

/** Names a cell for its seeds, whatever other cells there are. */
export const cellId = ({ table, shape, perSecond, fault }: Cell): string =>
  `${table}: ${shape}, ${perSecond}/s, ${faultWords(fault)}`

export const rates = [1, 10, 100, 1000, 10_000] as const
export const badRatios = [0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.2, 1] as const
export const shapedRatios = [0.005, 0.05] as const
export const shapedRates = [10, 100, 1000] as const
export const otherRates = [10, 100, 1000, 10_000] as const
export const otherShapes = shapes.filter((shape) => shape !== 'steady')
/** A regression that is hidden by an incident at 100 % would only measure the incident. */
export const shapesWithErrors = otherShapes.filter((shape) => shape !== 'incident at 100 %')
export const ownRatios = [0.005, 0.05] as const

const errors = (ratio: number, fromMinute = 0): Fault => ({ kind: 'errors', ratio, from: fromMinute * 12 })

export const otherFaults: readonly Fault[] = [
  { kind: 'slow', factor: 1.1 },
  { kind: 'slow', factor: 1.25 },
  { kind: 'slow', factor: 1.5 },
  { kind: 'slow', factor: 2 },
  { kind: 'slow', factor: 4 },
  { kind: 'lost', part: 0.05 },
  { kind: 'lost', part: 0.3 },
  { kind: 'bad pod', ratio: 0.5, everyMinutes: 1 },
  { kind: 'bad pod', ratio: 0.1, everyMinutes: 1 },
  { kind: 'bad pod', ratio: 0.5, everyMinutes: 5 },
  errors(0.05, 12),
  errors(0.05, 40),
]

/** The hours that the whole is made for; more or fewer scale every cell. */
export const DESIGN_HOURS = 7200

/** All that is simulated, for so many healthy hours of steady traffic. */
export const cellsFor = (hours: number): readonly Cell[] => {
  const scaled = (runs: number): number => Math.max(2, Math.round((runs * hours) / DESIGN_HOURS))
  const steady = Math.max(2, Math.round(hours / rates.length))
  return [
    ...healthyCells(steady, scaled(60)),
    ...steadyErrorCells(scaled(60)),
    ...shapedErrorCells(scaled(40)),
    ...otherFaultCells(scaled(40)),
    ...ownRampCells(scaled(40)),
  ]
}

const given = { ramp: 'given', length: HOUR, rules: comparedRules } as const

const healthyCells = (steady: number, shaped: number): readonly Cell[] => [
  ...rates.map(
    (perSecond): Cell => ({
      ...given,
      table: 'healthy, steady',
      shape: 'steady',
      perSecond,
      fault: noFault,
      runs: steady,
      rules: [...comparedRules, ...literalRules],
    }),
  ),
  ...otherShapes.flatMap((shape) =>
    rates.map(
      (perSecond): Cell => ({
        ...given,
        table: 'healthy, other shapes',
        shape,
        perSecond,
        fault: noFault,
        runs: shaped,
      }),
    ),
  ),
]

const steadyErrorCells = (runs: number): readonly Cell[] =>
  rates.flatMap((perSecond) =>
    badRatios.map(
      (ratio): Cell => ({ ...given, table: 'errors, steady', shape: 'steady', perSecond, fault: errors(ratio), runs }),
    ),
  )

const shapedErrorCells = (runs: number): readonly Cell[] =>
  shapesWithErrors.flatMap((shape) =>
    shapedRatios.flatMap((ratio) =>
      shapedRates.map(
        (perSecond): Cell => ({
          ...given,
          table: 'errors, other shapes',
          shape,
          perSecond,
          fault: errors(ratio),
          runs,
        }),
      ),
    ),
  )

const otherFaultCells = (runs: number): readonly Cell[] =>
  otherFaults.flatMap((fault) =>
    otherRates.map((perSecond): Cell => ({ ...given, table: 'other faults', shape: 'steady', perSecond, fault, runs })),
  )

const ownRampCells = (runs: number): readonly Cell[] => {
  const own = { shape: 'steady', ramp: 'own', runs, rules: rampingRules } as const
  return [
    ...rates.map(
      (perSecond): Cell => ({ ...own, table: 'own ramps, healthy', perSecond, fault: noFault, length: 3 * HOUR }),
    ),
    ...rates.flatMap((perSecond) =>
      ownRatios.map(
        (ratio): Cell => ({ ...own, table: 'own ramps, errors', perSecond, fault: errors(ratio), length: HOUR }),
      ),
    ),
  ]
}
