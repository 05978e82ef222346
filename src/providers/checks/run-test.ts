import type { TestResult } from '../../engine/ports.ts'
import type { TestDefinition } from '../../plan/plan.ts'
import { runCommand } from '../command/run-command.ts'
import { compareSides } from './compare-sides.ts'
import { type CheckContext, type Found, urlOn } from './context.ts'
import { askHttp } from './http-check.ts'
import { maskSecrets } from './mask.ts'
import { stressGreen } from './stress-check.ts'

/** What is shown of one test: enough for a person, not a log. */
const summaryLength = 4_000

/** Runs a test once. A test that can't be run has not passed, and the summary says why. Never throws for what the world does. */
export const runTest = async (definition: TestDefinition, context: CheckContext): Promise<TestResult> => {
  const { clock, secrets = [] } = context
  const started = clock.monotonic()
  const found = await find(definition, context)
  const masked = maskSecrets(found.summary, secrets)
  return {
    passed: found.passed,
    at: clock.now(),
    durationMs: Math.round(clock.monotonic() - started),
    summary: masked.length > summaryLength ? `… ${masked.slice(-summaryLength)}` : masked,
    figures: found.figures,
  }
}

const find = async (definition: TestDefinition, context: CheckContext): Promise<Found> => {
  switch (definition.kind) {
    case 'command':
      return await runTestCommand(definition, context)
    case 'http':
      return await askHttp(definition.url, definition, context.signal)
    case 'green http': {
      const url = urlOn(await context.greenAddress(), definition.path)
      return url === null ? noGreen(context) : await askHttp(url, definition, context.signal)
    }
    case 'stress': {
      if (definition.compare === true) return await compareSides(definition, context)
      const url = urlOn(await context.greenAddress(), definition.path)
      return url === null ? noGreen(context) : await stressGreen(url, definition, context)
    }
    case 'trial run':
      return await tryRun(definition.timeoutMs, context)
    case 'probe':
      return await context.probe(
        definition,
        AbortSignal.any([context.signal, AbortSignal.timeout(definition.timeoutMs)]),
      )
    default:
      return definition satisfies never
  }
}

const noGreen = ({ service }: CheckContext): Found => ({
  passed: false,
  summary: `${service} has no address on green: it does not listen, or no replica is ready`,
  figures: {},
})

const runTestCommand = async (
  { command, timeoutMs }: Extract<TestDefinition, { readonly kind: 'command' }>,
  context: CheckContext,
): Promise<Found> => {
  const [green, blue] = await Promise.all([context.greenAddress(), context.blueAddress()])
  const variables = {
    ...context.environmentVariables,
    TITRATE_SERVICE: context.service,
    TITRATE_GREEN: green ?? '',
    TITRATE_BLUE: blue ?? '',
  }
  const end = await runCommand({ command, variables, timeoutMs, signal: context.signal })
  return {
    passed: end.exitCode === 0,
    summary: [end.what, ...end.lastLines].filter((line) => line !== '').join('\n'),
    figures: end.exitCode === null ? {} : { exitCode: end.exitCode },
  }
}

const tryRun = async (timeoutMs: number, { trialRun, signal }: CheckContext): Promise<Found> => {
  const late = AbortSignal.timeout(timeoutMs)
  const answer = await trialRun(AbortSignal.any([signal, late]))
  if (answer.kind !== 'ok') {
    const summary = late.aborted ? `the trial run did not end within ${timeoutMs} ms` : answer.because
    return { passed: false, summary, figures: {} }
  }
  const { name, result, exitCode, startedAt, endedAt } = answer.value
  return {
    passed: result === 'succeeded',
    summary: `the run ${name} ${result === 'running' ? 'has not ended' : result}${exitCode === null ? '' : ` with exit code ${exitCode}`}`,
    figures: {
      ...(exitCode === null ? {} : { exitCode }),
      ...(endedAt === null ? {} : { runMs: endedAt - startedAt }),
    },
  }
}
