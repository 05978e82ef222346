import type { Estate, EstateService, Finding, ServiceDefinition } from '../inventory/estate.ts'
import { showCommand, showText } from '../inventory/shown-text.ts'
import type { Json, Millis } from '../moves/goal.ts'
import { compareService, writtenPort, writtenSchedule } from './compare-service.ts'
import { type GreenNames, writtenOf } from './compare-variables.ts'
import type { Difference, Found } from './difference.ts'
import { explain, type UsedRules, unusedRules } from './explain.ts'
import { createRewriter, type Rewriter } from './rewrites.ts'
import { fits, type ParityRules, type Waiver } from './rules.ts'
import { yamlText } from './yaml-text.ts'

/** One service with its differences by class; all three are empty where both sides are the same. */
export type ParityService = {
  readonly service: string
  readonly greenName: string
  readonly required: readonly Difference[]
  readonly declared: readonly Difference[]
  readonly unexplained: readonly Difference[]
}

/** How blue and green differ, ready to be shown: services by name, then each difference in the order of a file. */
export type ParityReport = {
  readonly services: readonly ParityService[]
  /** Of all services; more than 0 blocks. */
  readonly unexplained: number
  /** What blocks or should be known: unexplained differences, waivers that ended, rules that match nothing any more. */
  readonly findings: readonly Finding[]
}

/** Compares both sides of every service of the estate. `now` decides which waivers still hold. */
export const checkParity = (estate: Estate, rules: ParityRules, now: Millis): ParityReport => {
  const { rewrite, findings } = createRewriter(rules.rewrites)
  const names = new Map(estate.services.map(({ name, greenName }) => [name, greenName]))
  const greenNames: GreenNames = (service) => names.get(service) ?? service
  const used: UsedRules = { rewrites: new Set<number>(), waivers: new Set<Waiver>() }

  const classify = (service: string, found: readonly Found[]): readonly Difference[] =>
    found.map((one) => {
      for (const index of one.rewrittenBy ?? []) used.rewrites.add(index)
      const waivers = rules.waivers.filter((waiver) => fits(waiver.service, service) && fits(waiver.path, one.path))
      for (const waiver of waivers) used.waivers.add(waiver)
      return {
        service,
        path: one.path,
        blue: one.blue,
        green: one.green,
        ...explain({ service, found: one, rules, waivers, now }),
        ...fixOf(greenNames(service), one),
      }
    })
  const services = [
    ...estate.services.map((service) => {
      const found =
        service.green === null
          ? [missingOnGreen(service, greenNames, rewrite)]
          : compareService(service, greenNames, rewrite)
      return byClass(service.name, service.greenName, classify(service.name, found))
    }),
    ...estate.onlyOnGreen.map((service) =>
      byClass(service.name, service.name, classify(service.name, [onlyOnGreen(service)])),
    ),
  ]
  const unexplained = services.flatMap((one) => one.unexplained)
  return {
    services,
    unexplained: unexplained.length,
    findings: [...findings, ...unexplained.map(blocking), ...unusedRules(rules, used, now)],
  }
}

const byClass = (service: string, greenName: string, differences: readonly Difference[]): ParityService => ({
  service,
  greenName,
  required: differences.filter((one) => one.class === 'required'),
  declared: differences.filter((one) => one.class === 'declared'),
  unexplained: differences.filter((one) => one.class === 'unexplained'),
})

// ── Services that only one side has ───────────────────────────────────────────

const missingOnGreen = ({ name, blue }: EstateService, greenNames: GreenNames, rewrite: Rewriter): Found => {
  const { patch, hidden } = definitionOf(blue, greenNames, rewrite)
  const remedy = `${hidden.join(', ')} of ${name} must be added by hand: what holds a secret isn't printed`
  const found: Found = { path: 'service', blue: name, green: null, why: "green doesn't have this service", patch }
  return hidden.length === 0 ? found : { ...found, remedy }
}

const onlyOnGreen = ({ name, takesFrom, schedule }: ServiceDefinition): Found => {
  const acts = schedule !== null || takesFrom.length > 0 ? '; it may act there already' : ''
  return { path: 'service', blue: null, green: name, why: `blue doesn't have this service${acts}`, patch: null }
}

/** The service as green's file would say it, with blue's values rewritten. */
const definitionOf = (
  blue: ServiceDefinition,
  greenNames: GreenNames,
  rewrite: Rewriter,
): { readonly patch: { readonly [key: string]: Json }; readonly hidden: readonly string[] } => {
  const hidden: string[] = []
  const variables: [string, Json][] = []
  for (const [name, variable] of Object.entries(blue.variables)) {
    const rewritten =
      variable.kind === 'plain'
        ? { ...variable, value: rewrite(blue.name, `variables.${name}`, variable.value).text }
        : variable
    const written = writtenOf(name, rewritten, greenNames)
    if (written === null) hidden.push(`the variable ${name}`)
    else variables.push([name, written])
  }
  const secretCommand = showCommand(blue.command).masked
  if (secretCommand) hidden.push('the command')
  const secretQueues = showText(blue.takesFrom.join(' ')).masked
  if (secretQueues) hidden.push('takesFrom')
  const patch: { [key: string]: Json } = {
    ...(secretCommand ? {} : { command: blue.command.map((argument) => rewrite(blue.name, 'command', argument).text) }),
    version: blue.version,
    ...(blue.workingDirectory === null ? {} : { directory: blue.workingDirectory }),
    ...(blue.schedule === null ? { replicas: blue.replicas, strategy: blue.strategy } : {}),
    ...(blue.schedule === null ? {} : { schedule: writtenSchedule({ ...blue.schedule, suspended: true }) }),
    ...(blue.port === null ? {} : { port: writtenPort(blue.port) }),
    ...(variables.length === 0 ? {} : { variables: Object.fromEntries(variables) }),
    ...(blue.files.length === 0 ? {} : { files: blue.files.map(({ path }) => path) }),
    ...(blue.lease === null ? {} : { lease: blue.lease }),
    ...(blue.takesFrom.length === 0 || secretQueues ? {} : { takesFrom: blue.takesFrom }),
    ...(blue.actsAtStart.length === 0 ? {} : { actsAtStart: blue.actsAtStart }),
  }
  return { patch, hidden }
}

const fixOf = (
  greenName: string,
  { path, patch, remedy, required, rewrittenBy = [] }: Found,
): Pick<Difference, 'fix' | 'patch'> => {
  if (required !== undefined || rewrittenBy.length > 0) return { fix: null, patch: null }
  const onlyGreen = path === 'service' && patch === null
  const whole: Json = patch === null && !onlyGreen ? null : { services: { [greenName]: patch } }
  const comment = remedy === undefined ? '' : `# ${remedy}\n`
  return { fix: `${comment}${isMap(whole) ? yamlText(whole) : ''}` || null, patch: whole }
}

// ── Telling ───────────────────────────────────────────────────────────────────

const blocking = ({ service, path, blue, green, why, fix }: Difference): Finding => ({
  severity: 'blocks',
  service,
  message: `${service} differs in ${path}: blue ${blue ?? 'has nothing'}, green ${green ?? 'has nothing'} (${why}). Bring green in line, or declare it under parity in the release file.`,
  declare: fix,
})

// ── All fixes at once ─────────────────────────────────────────────────────────

/** One YAML merge patch on green's environment out of all that is unexplained and can be patched; empty: nothing. */
export const fixEverything = (report: ParityReport): string => {
  const merged = report.services
    .flatMap(({ unexplained }) => unexplained)
    .reduce<Readonly<Record<string, Json>>>((all, { patch }) => (isMap(patch) ? merge(all, patch) : all), {})
  return Object.keys(merged).length === 0 ? '' : yamlText(merged)
}

const isMap = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const merge = (
  a: Readonly<Record<string, Json>>,
  b: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> => {
  const merged: Record<string, Json> = { ...a }
  for (const [key, value] of Object.entries(b)) {
    const before = Object.hasOwn(merged, key) ? merged[key] : undefined
    merged[key] = before !== undefined && isMap(before) && isMap(value) ? merge(before, value) : value
  }
  return merged
}
