import { andList, classifyService, exclusiveBecause } from './classify.ts'
import { componentsOf } from './components.ts'
import { type Dependencies, findDependencies } from './dependencies.ts'
import type { Cycle, EnvironmentSeen, Estate, EstateService, Finding, Need, ServiceDefinition } from './estate.ts'
import { byText } from './ordering.ts'
import { type Overrides, overrideOf } from './overrides.ts'

/**
 * Both environments as one estate: what moves is what blue has. The same environments give the same estate, in
 * whatever order their services come.
 */
export const takeInventory = (input: {
  readonly blue: EnvironmentSeen
  readonly green: EnvironmentSeen
  readonly overrides: Overrides
}): Estate => {
  const { overrides } = input
  const blue = input.blue.services.toSorted((a, b) => byText(a.name, b.name))
  const green = new Map(input.green.services.map((service) => [service.name, service]))
  const dependencies = findDependencies(blue, overrides)
  const callers = callersOf(dependencies)
  const findings: Finding[] = [...unknownOverrides(overrides, blue), ...sharedGreenNames(blue, overrides)]

  const services = blue.map((service): EstateService => {
    const override = overrideOf(overrides, service.name)
    const { kinds, reasons, findings: faults } = classifyService(service, callers.get(service.name) ?? [], override)
    const calls = dependencies.get(service.name) ?? nothing
    findings.push(...faults, ...calls.findings)
    const greenName = override.greenName ?? service.name
    return {
      name: service.name,
      greenName,
      kinds,
      reasons,
      needs: calls.needs,
      ambiguous: calls.ambiguous,
      external: calls.external,
      exclusive: exclusiveBecause(service, override),
      blue: service,
      green: green.get(greenName) ?? null,
    }
  })
  const cycles = findCycles(services)
  const mapped = new Set(services.map(({ greenName }) => greenName))
  return {
    services,
    cycles,
    onlyOnGreen: [...green.values()].filter(({ name }) => !mapped.has(name)).sort((a, b) => byText(a.name, b.name)),
    stays: (input.blue.stays ?? []).toSorted((a, b) => byText(a.object, b.object)),
    findings: [...findings, ...services.flatMap(observedFindings), ...cycles.map(cycleFinding)].sort(byService),
  }
}

/** What would be put back, by side; a tool that does so by itself would fight the release. */
const revertFindings = ({ name, blue, green }: EstateService): readonly Finding[] =>
  [
    { where: 'On blue', observed: blue.observed },
    { where: 'On green', observed: green?.observed },
  ].flatMap(({ where, observed }) =>
    (observed?.reverts ?? []).map(({ byItself, message }) => ({
      severity: byItself ? ('blocks' as const) : ('note' as const),
      service: name,
      message: `${where}, ${message}`,
      declare: null,
    })),
  )

/** What can't be moved, and what should be known of how a service was read. */
const observedFindings = (service: EstateService): readonly Finding[] => {
  const { name, blue } = service
  if (blue.observed === undefined) return []
  const { fixedBecause, notes } = blue.observed
  return [
    ...(fixedBecause === null
      ? []
      : [
          {
            severity: 'note' as const,
            service: name,
            message: `${name} can't be moved as it is: ${fixedBecause}.`,
            declare: null,
          },
        ]),
    ...(fixedBecause === null ? revertFindings(service) : []),
    ...notes.map((note) => ({ severity: 'note' as const, service: name, message: `${name}: ${note}.`, declare: null })),
  ]
}

const nothing: Dependencies = { needs: [], ambiguous: [], external: [], findings: [] }

const byService = (a: Finding, b: Finding): number =>
  byText(a.service ?? '', b.service ?? '') || byText(a.message, b.message)

const callersOf = (dependencies: ReadonlyMap<string, Dependencies>): ReadonlyMap<string, readonly string[]> => {
  const callers = new Map<string, string[]>()
  for (const [caller, { needs }] of dependencies) {
    for (const { service } of needs) {
      const known = callers.get(service)
      if (known) known.push(caller)
      else callers.set(service, [caller])
    }
  }
  return callers
}

const unknownOverrides = (overrides: Overrides, blue: readonly ServiceDefinition[]): readonly Finding[] => {
  const known = new Set(blue.map(({ name }) => name))
  return Object.keys(overrides)
    .filter((name) => !known.has(name))
    .map((name) => ({
      severity: 'blocks',
      service: name,
      message: `The release file speaks of the service ${name}, which blue doesn't have. Correct or remove services.${name}.`,
      declare: null,
    }))
}

/** Two services of blue can't become the same one on green. */
const sharedGreenNames = (blue: readonly ServiceDefinition[], overrides: Overrides): readonly Finding[] => {
  const taken = new Map<string, string>()
  return blue.flatMap(({ name }): readonly Finding[] => {
    const greenName = overrideOf(overrides, name).greenName ?? name
    const other = taken.get(greenName)
    taken.set(greenName, name)
    if (other === undefined) return []
    const message = `${other} and ${name} of blue are both to become ${greenName} on green. Each needs a name of its own there.`
    return [{ severity: 'blocks', service: name, message, declare: null }]
  })
}

const findCycles = (services: readonly EstateService[]): readonly Cycle[] => {
  const circlesBy = (counts: (need: Need) => boolean): readonly (readonly string[])[] => {
    const at = new Map(services.map(({ name }, index) => [name, index]))
    const edges = services.map(({ needs }) => needs.filter(counts).flatMap(({ service }) => at.get(service) ?? []))
    return componentsOf(edges)
      .filter((members) => members.length > 1)
      .map((members) => members.map((index) => services[index]?.name ?? '').sort(byText))
  }
  const declared = circlesBy(({ source }) => source === 'declared')
  return circlesBy(() => true)
    .map((members): Cycle => {
      const written = declared.some((circle) => circle.some((name) => members.includes(name)))
      return { services: members, source: written ? 'declared' : 'seen' }
    })
    .sort((a, b) => byText(a.services[0] ?? '', b.services[0] ?? ''))
}

const cycleFinding = ({ services, source }: Cycle): Finding => ({
  severity: source === 'declared' ? 'blocks' : 'note',
  service: services[0] ?? null,
  message:
    source === 'declared'
      ? `${andList(services)} are declared to need each other in a circle, so none could move first. Remove one of these needs from the release file.`
      : `${andList(services)} call each other in a circle: they move as one wave (those that users reach after the others).`,
  declare: null,
})
