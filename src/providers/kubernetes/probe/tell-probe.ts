import type { ProbeLine } from './probe-script.ts'
import type { ProbeEnd } from './run-probe.ts'

/** What a probe came to, for the result of a test. `who`: "green, as account web". */
export const tellProbe = (
  end: ProbeEnd,
  who: string,
): { readonly passed: boolean; readonly summary: string; readonly figures: Readonly<Record<string, number>> } => {
  if (end.kind === 'not checked') return { passed: true, summary: `not checked: ${end.because}`, figures: {} }
  if (end.kind === 'failed')
    return { passed: false, summary: `the probe from ${who} failed: ${end.because}`, figures: {} }
  const { lines, leaves } = end.said
  const wrong = lines.filter(({ said }) => said !== 'ok')
  const addresses = [
    ...(end.from === null ? [] : [`its pod is ${end.from}`]),
    ...(leaves === null ? [] : [`it is seen outside as ${leaves}`]),
  ]
  const sentences = [
    `from ${who}${addresses.length === 0 ? '' : ` (${addresses.join(', ')})`}:`,
    ...[...wrong, ...lines.filter(({ said }) => said === 'ok')].map(lineWords),
  ]
  return {
    passed: wrong.length === 0,
    summary: sentences.join('\n'),
    figures: { targets: lines.length, unreachable: wrong.length },
  }
}

const lineWords = ({ host, port, said, address }: ProbeLine): string => {
  const what = port === null ? host : `${host}:${port}`
  switch (said) {
    case 'ok':
      return port === null
        ? `${what} is ${address ?? 'known'}`
        : `${what} answers (${address ?? 'its address is not told'})`
    case 'unresolved':
      return `${what} has no address there`
    case 'unreachable':
      return `${what} does not answer (${address ?? 'its address is not told'})`
    default:
      return said satisfies never
  }
}
