import type { Implementation } from '../command.ts'
import type { Deps, EnvironmentStatus } from '../deps.ts'
import { exitCode } from '../exit-code.ts'
import type { Output } from '../flags.ts'
import { print } from '../print.ts'
import { absolute } from '../release-file.ts'
import { indent, table } from '../table.ts'

type None = Readonly<Record<never, never>>
type Asleep = { readonly asleep: boolean }

/** One after another, in the order given: a router is started after what it routes to. */
const forEach = async (deps: Deps, files: readonly string[], act: (file: string) => Promise<string>) => {
  for (const file of files) deps.io.out(`${await act(absolute(deps, file))}\n`)
  return exitCode.done
}

export const up: Implementation<Asleep, readonly string[]> = (deps, { asleep }, ...files) =>
  forEach(deps, files, (file) => deps.environments.up(file, asleep))

export const down: Implementation<None, readonly string[]> = (deps, _, ...files) =>
  forEach(deps, files, (file) => deps.environments.down(file))

export const apply: Implementation<None, readonly string[]> = (deps, _, ...files) =>
  forEach(deps, files, (file) => deps.environments.apply(file))

export const status: Implementation<{ readonly output: Output }, readonly string[]> = async (
  deps,
  { output },
  ...files
) => {
  const all = await Promise.all(files.map((file) => deps.environments.status(absolute(deps, file))))
  await print(deps, output, all, (shown, look) =>
    shown.map((one) => describeEnvironment(one, (head, rows) => table(head, rows, look))).join('\n\n'),
  )
  return all.every((one) => one.running) ? exitCode.done : exitCode.failed
}

const describeEnvironment = (
  { name, kind, running, facts, services }: EnvironmentStatus,
  columns: (head: readonly string[], rows: readonly (readonly string[])[]) => string,
): string => {
  const known = Object.entries(facts).map(([fact, value]) => `${fact}: ${value}`)
  const head = [...new Set(services.flatMap((service) => Object.keys(service)))]
  const rows = services.map((service) => head.map((column) => cell(service[column])))
  return [
    `${kind === 'Router' ? 'router' : 'environment'} ${name}: ${running ? 'running' : 'not running'}`,
    ...(known.length === 0 ? [] : [indent(known.join('\n'))]),
    ...(rows.length === 0 ? [] : [indent(columns(head, rows))]),
  ].join('\n')
}

const cell = (value: string | number | boolean | null | undefined): string => {
  if (value === null || value === undefined) return '-'
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
}

export const scale: Implementation<None, readonly [string, string, number]> = async (
  deps,
  _,
  file,
  service,
  replicas,
) => forEach(deps, [file], (path) => deps.environments.scale(path, service, replicas))

export const suspend: Implementation<{ readonly resume: boolean }, readonly [string, string]> = async (
  deps,
  { resume },
  file,
  service,
) => forEach(deps, [file], (path) => deps.environments.suspend(path, service, !resume))

export const weight: Implementation<None, readonly [string, string, number]> = async (deps, _, file, service, green) =>
  forEach(deps, [file], (path) => deps.environments.weight(path, service, green))

export const logs: Implementation<{ readonly lines: number }, readonly [string, string]> = async (
  deps,
  { lines },
  file,
  service,
) => {
  for (const line of await deps.environments.logs(absolute(deps, file), service, lines)) deps.io.out(`${line}\n`)
  return exitCode.done
}

export const serve: Implementation<Asleep, readonly [string]> = async (deps, { asleep }, file) => {
  await deps.environments.serve(absolute(deps, file), asleep, deps.io.signal)
  return exitCode.done
}
