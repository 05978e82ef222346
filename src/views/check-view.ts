import type { Cycle, Estate, EstateService, Finding, ServiceKind, Staying } from '../inventory/estate.ts'
import type { ParityReport } from '../parity/check-parity.ts'
import type { Difference } from '../parity/difference.ts'

export type EstateRow = {
  readonly service: string
  readonly greenName: string
  readonly kinds: readonly ServiceKind[]
  readonly reasons: readonly string[]
  readonly calls: readonly { readonly service: string; readonly evidence: string }[]
  readonly outside: readonly { readonly host: string; readonly port: number | null; readonly evidence: string }[]
  readonly exclusive: string | null
  readonly onGreen: boolean
  /** The object that it is, where it is one of Kubernetes. */
  readonly object: string | null
  /** Calls that may be meant otherwise. */
  readonly mayCall: readonly { readonly services: readonly string[]; readonly evidence: string }[]
  readonly managedBy: readonly { readonly who: string; readonly how: string }[]
  /** Why it can't be moved as it is; null: it can. */
  readonly fixed: string | null
  readonly uses: readonly string[]
}

export type EstateView = {
  readonly services: readonly EstateRow[]
  readonly cycles: readonly Cycle[]
  readonly onlyOnGreen: readonly string[]
  /** What runs on blue and doesn't move. */
  readonly stays: readonly Staying[]
  readonly findings: readonly Finding[]
}

export const viewEstate = ({ services, cycles, onlyOnGreen, stays, findings }: Estate): EstateView => ({
  services: services.map(estateRow),
  cycles,
  onlyOnGreen: onlyOnGreen.map(({ name }) => name),
  stays,
  findings,
})

const estateRow = ({
  name,
  greenName,
  kinds,
  reasons,
  needs,
  ambiguous,
  external,
  exclusive,
  blue: { observed },
  green,
}: EstateService): EstateRow => ({
  service: name,
  greenName,
  kinds,
  reasons,
  calls: needs.map(({ service, evidence }) => ({ service, evidence })),
  outside: external.map(({ host, port, evidence }) => ({ host, port, evidence })),
  exclusive,
  onGreen: green !== null,
  object: observed?.object ?? null,
  mayCall: ambiguous.map(({ services, evidence }) => ({ services, evidence })),
  managedBy: observed?.managers ?? [],
  fixed: observed?.fixedBecause ?? null,
  uses: observed?.uses ?? [],
})

export type CheckView = {
  /** Whether the release may begin. */
  readonly ok: boolean
  readonly blocking: readonly string[]
  readonly notes: readonly string[]
  readonly findings: readonly Finding[]
  readonly estate: EstateView
  readonly parity: {
    readonly same: readonly string[]
    readonly unexplained: number
    readonly differing: readonly {
      readonly service: string
      readonly differences: readonly Pick<Difference, 'path' | 'blue' | 'green' | 'class' | 'why' | 'fix'>[]
    }[]
  }
}

/** What was found before anything moves: the estate, how both sides differ, and what stands in the way. */
export const viewCheck = (found: {
  readonly estate: Estate
  readonly parity: ParityReport
  readonly findings: readonly Finding[]
  readonly planned: boolean
  readonly check: { readonly blocking: readonly string[]; readonly notes: readonly string[] }
}): CheckView => {
  const services = found.parity.services.map(({ service, unexplained, declared, required }) => ({
    service,
    differences: [...unexplained, ...declared, ...required].map((one) => ({
      path: one.path,
      blue: one.blue,
      green: one.green,
      class: one.class,
      why: one.why,
      fix: one.fix,
    })),
  }))
  return {
    ok: found.planned && found.check.blocking.length === 0,
    blocking: found.check.blocking,
    notes: found.check.notes,
    findings: found.findings,
    estate: viewEstate(found.estate),
    parity: {
      same: services.filter(({ differences }) => differences.length === 0).map(({ service }) => service),
      unexplained: found.parity.unexplained,
      differing: services.filter(({ differences }) => differences.length > 0),
    },
  }
}
