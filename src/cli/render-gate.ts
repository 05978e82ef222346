import type { Json } from '../moves/goal.ts'
import type { GateWaiting } from '../views/gate-view.ts'
import { indent } from './table.ts'

/** What a person should see before they approve. */
export const renderGate = ({ gate, waiting, hash }: GateWaiting): string =>
  waiting.length === 0
    ? `nothing seems to wait for "${gate}"; the engine decides`
    : [
        ...waiting.map(
          ({ service, because, evidence }) =>
            `${service ?? 'the release'}: ${because}\n${indent(lines(evidence.shown))}`,
        ),
        `evidence ${hash ?? ''}`,
      ].join('\n')

/** Plain data as indented lines, without the braces. */
const lines = (value: Json): string => {
  if (value === null) return 'none'
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((one: Json) => `- ${inline(one)}`).join('\n')
  return Object.entries(value)
    .map(([key, one]) =>
      typeof one === 'object' && one !== null ? `${key}:\n${indent(lines(one))}` : `${key}: ${lines(one)}`,
    )
    .join('\n')
}

const inline = (value: Json): string => {
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([key, one]) => `${key} ${typeof one === 'object' ? JSON.stringify(one) : String(one)}`)
    .join(', ')
}
