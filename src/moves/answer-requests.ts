import type { MoveEvent, PersonRequest } from '../journal/events.ts'
import type { RequestState } from '../journal/release-state.ts'
import { goingBack } from '../plan/dependents.ts'
import { gateName } from './gates.ts'
import {
  allReports,
  answered,
  backAndOpen,
  decides,
  isBack,
  type ReleaseContext,
  type ReleaseDecision,
  type ReleaseRule,
} from './release-decision.ts'
import type { MoveReport } from './report.ts'

type Asked<K extends PersonRequest['kind']> = Extract<PersonRequest, { readonly kind: K }>

const refuse = (request: RequestState, because: string): ReleaseDecision =>
  decides([answered(request.id, 'refused', because)])

const accept = (
  request: RequestState,
  because: string,
  moves: readonly { readonly service: string; readonly event: MoveEvent }[],
  release: ReleaseDecision['release'] = [],
): ReleaseDecision => decides([...release, answered(request.id, 'accepted', because)], moves)

const unknownService = ({ plan }: ReleaseContext, request: RequestState, service: string): ReleaseDecision =>
  refuse(
    request,
    `there is no service "${service}" in this release; it has ${Object.keys(plan.moves).sort().join(', ')}`,
  )

const approvalGate = ({ plan }: ReleaseContext, report: MoveReport, name: string) =>
  plan.moves[report.service]?.steps
    .flatMap((step) => [...step.before, ...step.after])
    .find((gate) => gate.kind === 'approval' && gateName(gate) === `approval ${name}`)

/** Those gates of this name that wait now: of one service, or of every service where none was named. */
const waitingFor = (context: ReleaseContext, gate: string, service: string | null): readonly MoveReport[] =>
  allReports(context).filter(
    (report) => report.waiting?.approval === gate && (service === null || report.service === service),
  )

const answerApproval = (
  context: ReleaseContext,
  request: RequestState,
  asked: Asked<'approve' | 'reject'>,
): ReleaseDecision => {
  const open = waitingFor(context, asked.gate, asked.service)
  const releaseWaits = asked.service === null && context.waitingForRelease === asked.gate
  if (open.length === 0 && !releaseWaits) {
    const others = allReports(context).flatMap((report) =>
      report.waiting?.approval ? [`${report.service}: ${report.waiting.approval}`] : [],
    )
    return refuse(
      request,
      `nothing waits for the approval "${asked.gate}" now${others.length > 0 ? `; what waits: ${others.join(', ')}` : ''}`,
    )
  }
  for (const report of open) {
    const gate = approvalGate(context, report, asked.gate)
    if (gate?.kind === 'approval' && gate.by !== undefined && !gate.by.includes(request.by))
      return refuse(request, `"${asked.gate}" may be approved by ${gate.by.join(', ')}; you are ${request.by}`)
  }
  const evidence = asked.evidence ?? `journal ${request.seen}`
  const names = open.map((report) => report.service).join(', ') || 'the release'
  if (asked.kind === 'reject') {
    const event: MoveEvent = {
      kind: 'rejected',
      gate: asked.gate,
      by: request.by,
      because: asked.note ?? 'no reason given',
    }
    return accept(
      request,
      `rejected for ${names}`,
      open.map(({ service }) => ({ service, event })),
      // The release's own gate: it stays shut, and is asked again when a person lets the release go on.
      releaseWaits ? [{ kind: 'held', by: request.by, because: `rejected "${asked.gate}": ${event.because}` }] : [],
    )
  }
  const approved = { kind: 'approved' as const, gate: asked.gate, by: request.by, evidence, note: asked.note }
  return accept(
    request,
    `approved for ${names}`,
    open.map(({ service }) => ({ service, event: approved })),
    releaseWaits ? [approved] : [],
  )
}

const answerHold = (
  context: ReleaseContext,
  request: RequestState,
  asked: Asked<'hold' | 'resume' | 'retry'>,
): ReleaseDecision => {
  const event: MoveEvent = { kind: 'held', because: asked.because, by: request.by }
  if (asked.service === null) {
    if (context.state.held !== null) return refuse(request, `the release is already held by ${context.state.held.by}`)
    return accept(request, 'the release is held; it goes on being judged, and goes back if it must', [], [event])
  }
  const report = context.reports.get(asked.service)
  if (report === undefined) return unknownService(context, request, asked.service)
  if (report.held) return refuse(request, `${asked.service} is already held`)
  return accept(request, `${asked.service} is held`, [{ service: asked.service, event }])
}

const answerResume = (
  context: ReleaseContext,
  request: RequestState,
  asked: Asked<'hold' | 'resume' | 'retry'>,
): ReleaseDecision => {
  const { state, reports } = context
  const event: MoveEvent = { kind: 'resumed', by: request.by, because: asked.because }
  if (state.stop !== null) {
    if (asked.clearStop !== true)
      return refuse(
        request,
        `${state.stop.by} used break-glass: look at the environments, then "titrate resume --clear-stop"`,
      )
    return accept(request, 'the stop mark is cleared', [], [{ kind: 'stop cleared', by: request.by }])
  }
  if (asked.service === null) {
    const waiting = allReports(context).filter(
      (report) => report.waiting?.person === true && report.waiting.approval === null,
    )
    if (state.held === null && waiting.length === 0) return refuse(request, 'nothing is held')
    return accept(
      request,
      'it goes on',
      waiting.map(({ service }) => ({ service, event })),
      state.held === null ? [] : [{ kind: 'resumed', by: request.by, because: asked.because }],
    )
  }
  const report = reports.get(asked.service)
  if (report === undefined) return unknownService(context, request, asked.service)
  if (report.waiting?.person !== true)
    return refuse(request, `${asked.service} does not wait for a person: ${report.waiting?.because ?? 'it is moving'}`)
  if (report.waiting.approval !== null)
    return refuse(request, `${asked.service} waits for an approval: titrate approve ${report.waiting.approval}`)
  return accept(request, `${asked.service} goes on`, [{ service: asked.service, event }])
}

/** A new attempt for what went back; what is only stuck is let go on. */
const answerRetry = (
  context: ReleaseContext,
  request: RequestState,
  asked: Asked<'hold' | 'resume' | 'retry'>,
): ReleaseDecision => {
  const { state, reports } = context
  const open = backAndOpen(context)
  const wanted = asked.service === null ? open : [asked.service]
  if (asked.service !== null && !reports.has(asked.service)) return unknownService(context, request, asked.service)
  const back = wanted.filter((service) => state.back.includes(service))
  const stuck = wanted.filter((service) => reports.get(service)?.stuck === true && !back.includes(service))
  const goingBack = back.filter((service) => !isBack(reports.get(service)))
  if (back.length > 0 && state.rollback?.everything === true)
    return refuse(request, `everything is going back (${state.rollback.because}); make a new release when it is there`)
  if (goingBack.length > 0) return refuse(request, `${goingBack.join(', ')} still going back; retry when it is there`)
  if (back.length + stuck.length === 0) return refuse(request, 'nothing to retry: no service went back or is stuck')
  const attempts = back.map((service) => ({
    service,
    event: {
      kind: 'ordered',
      order: 'stay',
      attempt: (reports.get(service)?.attempt ?? 0) + 1,
      because: `${request.by} retries it`,
    } as const,
  }))
  const resumed = stuck.map((service) => ({
    service,
    event: { kind: 'resumed', by: request.by, because: asked.because } as const,
  }))
  const release = back.length === 0 ? [] : [{ kind: 'retried', services: back, by: request.by } as const]
  return accept(request, `${[...back, ...stuck].join(', ')} tried again`, [...attempts, ...resumed], release)
}

const answerSkip = (context: ReleaseContext, request: RequestState, asked: Asked<'skip'>): ReleaseDecision => {
  const report = context.reports.get(asked.service)
  if (report === undefined) return unknownService(context, request, asked.service)
  if (report.skipped) return refuse(request, `${asked.service} was skipped already`)
  if (report.crossing && report.settledOn === null)
    return refuse(
      request,
      `${asked.service} is between blue and green; "titrate rollback ${asked.service}" first, then skip it`,
    )
  const event: MoveEvent = { kind: 'skipped', by: request.by, because: asked.because }
  return accept(request, `${asked.service} stays where it is`, [{ service: asked.service, event }])
}

const answerRollback = (context: ReleaseContext, request: RequestState, asked: Asked<'roll back'>): ReleaseDecision => {
  const { plan, state, reports } = context
  const { scope } = asked
  if (state.retired !== null) return refuse(request, 'blue was retired: there is nothing to go back to')
  if (scope.kind === 'service' && !Object.hasOwn(plan.moves, scope.service))
    return unknownService(context, request, scope.service)
  if (scope.kind === 'wave' && !plan.waves.some((wave) => wave.number === scope.wave))
    return refuse(request, `there is no wave ${scope.wave}; the plan has ${plan.waves.length}`)
  const services = goingBack(plan, scope)
  const begun = services.filter((service) => reports.get(service)?.begun === true && !isBack(reports.get(service)))
  if (begun.length === 0 && state.ended !== null) return refuse(request, 'everything is on blue already')
  return accept(
    request,
    `${begun.length === 0 ? 'nothing has moved' : `${begun.join(', ')} going back`}`,
    [],
    [
      {
        kind: 'rollback ordered',
        services,
        everything: scope.kind === 'everything',
        because: asked.because,
        by: request.by,
        assumeDead: asked.assumeDead,
      },
    ],
  )
}

/** A finished release can go back, blue can be retired, and a stop mark can be cleared. Nothing else is left to ask for. */
const canFollowTheEnd = (asked: PersonRequest): boolean =>
  asked.kind === 'roll back' || asked.kind === 'retire' || (asked.kind === 'resume' && asked.clearStop === true)

/** Every request gets one answer, with the reason. Oldest first. */
export const answerRequests: ReleaseRule = (context) => {
  const request = context.state.pending[0]
  if (request === undefined) return null
  const asked = request.request
  const { state } = context
  if (state.ended !== null && !canFollowTheEnd(asked))
    return refuse(request, `the release has ended: ${state.ended.outcome}`)
  switch (asked.kind) {
    case 'approve':
    case 'reject':
      return answerApproval(context, request, asked)
    case 'hold':
      return answerHold(context, request, asked)
    case 'resume':
      return answerResume(context, request, asked)
    case 'retry':
      return answerRetry(context, request, asked)
    case 'skip':
      return answerSkip(context, request, asked)
    case 'roll back':
      return answerRollback(context, request, asked)
    case 'retire':
      if (state.ended?.outcome !== 'done') return refuse(request, 'only a release that is done can retire blue')
      return accept(request, 'blue is retired', [], [{ kind: 'retired', by: request.by, because: asked.because }])
    default:
      return asked satisfies never
  }
}
