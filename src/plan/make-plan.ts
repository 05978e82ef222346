import { andList } from '../inventory/classify.ts'
import type { EstateService, Finding, ServiceKind } from '../inventory/estate.ts'
import { showText } from '../inventory/shown-text.ts'
import type { Millis } from '../moves/goal.ts'
import { withDeclaredGates } from './declared-gates.ts'
import type { MoveFacts } from './move-steps.ts'
import type { MoveKind, MovePlan, Plan } from './plan.ts'
import type { Confirmation, PlanInput } from './plan-input.ts'
import { createStepMaker, type StepMaker } from './shared-steps.ts'
import { type Movable, planWaves, type WavePlace, type Waves } from './waves.ts'

export type Planned =
  | { readonly kind: 'ok'; readonly plan: Plan; readonly notes: readonly Finding[] }
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] }

/** The plan of a release, or all that stands against making one. Pure: the same input gives the same plan. */
export const makePlan = (input: PlanInput): Planned => {
  const { estate } = input
  const routed = new Set(input.routerServices)
  const findings: Finding[] = [...estate.findings]
  const movables: Movable[] = []
  let judged = 0
  // Once through all services, for looking them up is what most of a large plan costs.
  for (const service of estate.services) {
    const movable = movableOf(service)
    movables.push(movable)
    if (isJudged(movable)) judged += 1
    findings.push(...faultsOf(service, input, routed))
  }
  if (findings.some(({ severity }) => severity === 'blocks')) return { kind: 'refused', findings }

  const waves = planWaves(movables, input.policy.maxPerWave)
  let called: ReadonlySet<string> | null = null
  /** Asked for few services, and all names cost more than most of a plan. */
  const isCalled = (name: string): boolean => {
    called ??= new Set(estate.services.flatMap(({ needs }) => needs.map(({ service }) => service)))
    return called.has(name)
  }
  const stepsOf = createStepMaker()
  const moves = new Map<string, MovePlan>()
  for (const service of estate.services) {
    const place = waves.places.get(service.name) ?? nowhere
    const { move, faults } = planMove({ service, place, input, judged, stepsOf, isCalled })
    moves.set(service.name, move)
    findings.push(...faults)
  }
  if (findings.some(({ severity }) => severity === 'blocks')) return { kind: 'refused', findings }
  return { kind: 'ok', plan: assemble(input, waves, moves), notes: findings }
}

const nowhere: WavePlace = { wave: 0, needs: [], reaches: [], why: [] }

const assemble = (input: PlanInput, { waves, cycles }: Waves, moves: ReadonlyMap<string, MovePlan>): Plan => {
  const longest = (services: readonly string[]): Millis =>
    services.reduce((most, service) => Math.max(most, moves.get(service)?.expectedMs ?? 0), 0)
  const moving = waves.reduce((sum, { services }) => sum + longest(services), 0)
  const parallel = waves.some(({ phase }) => phase === 'exposed') ? input.policy.parallelMs : 0
  return {
    version: 1,
    release: input.release,
    blue: input.blue,
    green: input.green,
    policy: input.policy,
    waves,
    // In the order of waves, so that a printed plan reads as it happens.
    moves: Object.fromEntries(
      waves.flatMap(({ services }) => services.flatMap((name) => entry(name, moves.get(name)))),
    ),
    cycles,
    files: input.files,
    expectedMs: moving + parallel,
  }
}

const entry = (name: string, move: MovePlan | undefined): readonly (readonly [string, MovePlan])[] =>
  move === undefined ? [] : [[name, move]]

/** Which kind of a service's kinds owns its move. What users reach decides over what callers reach, and that over work. */
export const moveKindOf = (kinds: readonly ServiceKind[]): MoveKind =>
  (['exposed', 'job', 'internal'] as const).find((kind) => kinds.includes(kind)) ?? 'worker'

/** The judge compares both sides while they share what comes in: users' requests, or work. */
const isJudged = ({ kind, replicas }: Movable): boolean => (kind === 'exposed' || kind === 'worker') && replicas > 0

const movableOf = ({ name, kinds, blue, needs }: EstateService): Movable => ({
  service: name,
  kind: moveKindOf(kinds),
  replicas: blue.replicas,
  needs: needs.map((need) => need.service),
})

// ── What stands against a plan ────────────────────────────────────────────────

const noFindings: readonly Finding[] = []

const byRouterFile = (name: string): Pick<Finding, 'message' | 'declare'> => ({
  message: `${name} is exposed, but the router doesn't listen for it, so its users can't be divided. Add it under services in the router's file and name that file as router in the release file.`,
  declare: `services:\n  ${name}: { listen: 127.0.0.1:8080 }\n`,
})

const faultsOf = (
  { name, kinds, blue }: EstateService,
  { runsPerDay, howToRoute = byRouterFile }: PlanInput,
  routed: ReadonlySet<string>,
): readonly Finding[] => {
  if (!kinds.includes('exposed') && !kinds.includes('job')) return noFindings
  const blocks = (message: string): Finding => ({ severity: 'blocks', service: name, message, declare: null })
  const findings: Finding[] = []
  if (kinds.includes('exposed') && !routed.has(name)) {
    findings.push({ ...blocks(''), ...howToRoute(name) })
  }
  if (kinds.includes('exposed') && blue.replicas === 0) {
    findings.push(blocks(`${name} is exposed, but has 0 replicas on blue: there is nothing to compare green with.`))
  }
  if (kinds.includes('job') && !Object.hasOwn(runsPerDay, name)) {
    findings.push(blocks(`How often ${name} runs in 24 hours could not be told from its schedule.`))
  }
  return findings
}

// ── One move ──────────────────────────────────────────────────────────────────

type MoveInput = {
  readonly service: EstateService
  readonly place: WavePlace
  readonly input: PlanInput
  readonly judged: number
  readonly stepsOf: StepMaker
  /** Whether another service of the estate calls it. */
  readonly isCalled: (name: string) => boolean
}

const planMove = (one: MoveInput): { readonly move: MovePlan; readonly faults: readonly Finding[] } => {
  const { service, place, input, judged, stepsOf } = one
  const kind = moveKindOf(service.kinds)
  const rules = input.rulesOf(service.name)
  const policy = input.policyOf(service.name, judged)
  const confirm = confirmationsOf(kind, one)
  const facts: MoveFacts = {
    policy,
    release: input.policy,
    rules,
    replicas: service.blue.replicas,
    exclusive: service.exclusive !== null,
    suspended: service.blue.schedule?.suspended ?? false,
    runsPerDay: kind === 'job' ? (input.runsPerDay[service.name] ?? 0) : 0,
    healthPath: service.blue.port?.healthPath ?? null,
    listens: service.blue.port !== null,
    confirm: confirm.size === 0 ? nothingToConfirm : new Set(confirm.keys()),
  }
  const made = stepsOf(kind, facts)
  const { steps, findings } = withDeclaredGates(service.name, made.steps, rules)
  const why = identityWhy(service, kind)
  why.push(...place.why, ...made.why, ...confirm.values())
  const move: MovePlan = {
    service: service.name,
    kind,
    kinds: service.kinds,
    wave: place.wave,
    needs: place.needs,
    ...(place.reaches.length > 0 ? { reaches: place.reaches } : {}),
    exclusive: facts.exclusive,
    replicas: facts.replicas,
    suspended: facts.suspended,
    steps,
    tests: made.tests,
    policy,
    why,
    expectedMs: steps.reduce((sum, { expectedMs }) => sum + expectedMs, 0),
    unproven: made.unproven,
  }
  return { move, faults: findings }
}

const nothingToConfirm: ReadonlySet<Confirmation> = new Set()

const identityWhy = ({ kinds, reasons, exclusive, needs }: EstateService, kind: MoveKind): string[] => {
  const why = [`It is ${andList(kinds)}: ${reasons.join('; ')}.`]
  if (kinds.length > 1) why.push(`It is one move, that of an ${kind} service, which owns its replicas.`)
  if (exclusive !== null) why.push(`Only one copy of it may run anywhere: ${exclusive}.`)
  for (const { service, evidence } of needs) why.push(`It needs ${service}: ${evidence}.`)
  return why
}

/** What a person has to confirm before something irrevocable or visible happens, with the reason. */
const confirmationsOf = (
  kind: MoveKind,
  { service, input, isCalled }: MoveInput,
): ReadonlyMap<Confirmation, string> => {
  const { name, blue, kinds, exclusive } = service
  const confirmed = input.rulesOf(name).confirmed ?? []
  const asked = new Map<Confirmation, string>()
  const ask = (what: Confirmation, why: string): void => {
    if (!confirmed.includes(what)) asked.set(what, `A person approves "${what}": ${why}.`)
  }
  if (kind !== 'job' && blue.actsAtStart.length > 0 && blue.replicas > 0) {
    ask('acts at start', `a copy on green acts by itself as soon as it starts (${andList(blue.actsAtStart)})`)
  }
  if (kind !== 'worker' && kinds.includes('worker') && exclusive === null) {
    const source = blue.takesFrom.length > 0 ? showText(andList(blue.takesFrom)).text : 'its queue'
    ask('both sides take work', `no switch for it is declared, so both copies take work from ${source} at once`)
  }
  if (exclusive !== null && (kind === 'exposed' || (kind === 'internal' && isCalled(name)))) {
    const who = kind === 'exposed' ? 'its users' : 'its callers on blue'
    ask('interruption', `${who} get no answer from it once its only copy leaves blue`)
  }
  return asked
}
