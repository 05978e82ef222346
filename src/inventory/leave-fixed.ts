import type { Estate, EstateService, ExternalNeed, Finding, Staying } from './estate.ts'
import { byText } from './ordering.ts'

/**
 * The estate without what can't be moved as it is: that stays on blue. Those that move and call it will do so from
 * green, and it goes on calling blue's copies of what moves: both are told.
 */
export const leaveFixed = (estate: Estate): Estate => {
  const fixed = estate.services.filter((service) => reasonOf(service) !== null)
  if (fixed.length === 0) return estate
  const names = new Set(fixed.map(({ name }) => name))
  return {
    ...estate,
    services: estate.services.filter(({ name }) => !names.has(name)).map((service) => withoutNeeds(service, names)),
    cycles: estate.cycles.filter(({ services }) => !services.some((name) => names.has(name))),
    stays: [...estate.stays, ...fixed.map(stayingOf)].toSorted((a, b) => byText(a.object, b.object)),
    findings: [
      ...estate.findings.filter(({ service }) => service === null || !names.has(service)),
      ...fixed.flatMap((service) => findingsOf(service, estate, names)),
    ],
  }
}

const reasonOf = ({ blue }: EstateService): string | null => blue.observed?.fixedBecause ?? null

const stayingOf = (service: EstateService): Staying => ({
  object: service.blue.observed?.object ?? service.name,
  because: reasonOf(service) ?? '',
  managers: service.blue.observed?.managers ?? [],
})

const withoutNeeds = (service: EstateService, names: ReadonlySet<string>): EstateService => {
  const staying = service.needs.filter((need) => names.has(need.service))
  if (staying.length === 0) return service
  const outside = staying.map(
    (need): ExternalNeed => ({ host: need.service, port: null, evidence: `${need.evidence}; it stays on blue` }),
  )
  return {
    ...service,
    needs: service.needs.filter((need) => !names.has(need.service)),
    external: [...service.external, ...outside],
  }
}

const findingsOf = (fixed: EstateService, estate: Estate, names: ReadonlySet<string>): readonly Finding[] => {
  const note = (service: string, message: string): Finding => ({ severity: 'note', service, message, declare: null })
  const callers = estate.services.filter(
    ({ name, needs }) => !names.has(name) && needs.some(({ service }) => service === fixed.name),
  )
  const called = fixed.needs.filter(({ service }) => !names.has(service))
  return [
    note(fixed.name, `${fixed.name} stays on blue: ${reasonOf(fixed)}.`),
    ...callers.map(({ name }) =>
      note(name, `${name} calls ${fixed.name}, which stays on blue: green has to reach it there.`),
    ),
    ...called.map(({ service }) =>
      note(
        service,
        `${fixed.name} stays on blue and calls ${service}: blue's copy of that keeps a caller, so it can't be retired before.`,
      ),
    ),
  ]
}
