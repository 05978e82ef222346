import type { Json } from '../moves/goal.ts'

/**
 * YAML for what people paste into an environment's file: maps as blocks, lists on one line, text in quotes where YAML
 * could read it as something else (JSON's quotes are YAML's). null removes what it stands for, as in a merge patch.
 */
export const yamlText = (value: Readonly<Record<string, Json>>, indent = ''): string =>
  Object.entries(value)
    .map(([key, one]) => {
      const name = `${indent}${scalar(key)}:`
      return isMap(one) && Object.keys(one).length > 0
        ? `${name}\n${yamlText(one, `${indent}  `)}`
        : `${name} ${flow(one)}\n`
    })
    .join('')

const isMap = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const flow = (value: Json): string => {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (isMap(value)) {
    const entries = Object.entries(value).map(([key, one]) => `${scalar(key)}: ${flow(one)}`)
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }
  return typeof value === 'string' ? scalar(value) : JSON.stringify(value)
}

const plain = /^[A-Za-z_][A-Za-z0-9_.-]*$/
const reserved = /^(true|false|null|yes|no|on|off|y|n)$/i

const scalar = (text: string): string => (plain.test(text) && !reserved.test(text) ? text : JSON.stringify(text))

/** As the environment's file writes durations. */
export const durationText = (ms: number): string => {
  if (ms % 3_600_000 === 0 && ms > 0) return `${ms / 3_600_000}h`
  if (ms % 60_000 === 0 && ms > 0) return `${ms / 60_000}m`
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`
}
