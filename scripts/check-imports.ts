/**
 * Checks the direction of imports (`import-rules.ts`) and that there are no cycles, over every file below `src/`.
 *
 *     node scripts/check-imports.ts [ROOT]
 *
 * It compares the number of modules that were looked at with the number of files there are: dependency-cruiser
 * finds nothing, and is content, when it cannot read TypeScript.
 */

import { globSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser'
import { domainExceptions, layers, tests } from './import-rules.ts'

const domainFiles = layers['domain']?.files ?? ''

const directionRules = (): IForbiddenRuleType[] =>
  Object.entries(layers).map(([name, { files, mayImport }]) => ({
    name: `${name} imports only what it may`,
    severity: 'error',
    from: { path: files, pathNot: tests },
    to: { path: '^src/', pathNot: [files, domainFiles, ...mayImport] },
  }))

/** The exceptions' own files are left out of the general rule, and each gets a rule with its one way out. */
const domainRules = (): IForbiddenRuleType[] => [
  {
    name: 'the domain imports no package and no Node module',
    severity: 'error',
    from: { path: domainFiles, pathNot: [tests, ...domainExceptions.map(({ files }) => files)] },
    to: { pathNot: '^src/' },
  },
  ...domainExceptions.map(
    ({ files, mayImport }): IForbiddenRuleType => ({
      name: `the domain's ${files} imports nothing outside but ${mayImport}`,
      severity: 'error',
      from: { path: files, pathNot: tests },
      to: { pathNot: ['^src/', mayImport] },
    }),
  ),
]

const generalRules: IForbiddenRuleType[] = [
  { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
  {
    name: 'imports can be resolved',
    severity: 'error',
    from: {},
    // Types only: there is nothing at run time to be resolved, and the compiler finds them.
    to: { couldNotResolve: true, pathNot: '^kubernetes-types/' },
  },
  {
    name: 'only tests import tests',
    severity: 'error',
    // Benches build whole worlds out of parts, as tests do.
    from: { pathNot: [tests, '^bench/'] },
    to: { path: tests },
  },
]

/** Files that no layer claims: a new folder needs a line in the table first. Tests may stand anywhere. */
const unclaimedFiles = (files: readonly string[]): string[] =>
  files.filter(
    (file) =>
      !new RegExp(tests).test(file) && !Object.values(layers).some((layer) => new RegExp(layer.files).test(file)),
  )

const checkImports = async (
  root: string,
): Promise<{ readonly modules: number; readonly faults: readonly string[] }> => {
  const files = globSync('src/**/*.ts', { cwd: root })
  if (files.length === 0) return { modules: 0, faults: [`There is no TypeScript file below ${root}/src.`] }
  const { output } = await cruise(
    ['src'],
    {
      baseDir: root,
      ruleSet: { forbidden: [...directionRules(), ...domainRules(), ...generalRules] },
      validate: true,
      doNotFollow: { path: 'node_modules' },
      tsPreCompilationDeps: true,
    },
    {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      conditionNames: ['import', 'node', 'types'],
      exportsFields: ['exports'],
    },
  )
  if (typeof output === 'string') throw new Error(`dependency-cruiser gave text instead of a result: ${output}`)
  return { modules: cruisedModules(output), faults: faultsOf(output, files) }
}

const cruisedModules = ({ modules }: ICruiseResult): number =>
  modules.filter(({ source }) => source.startsWith('src/') && source.endsWith('.ts')).length

const faultsOf = (result: ICruiseResult, files: readonly string[]): string[] => {
  const faults = result.summary.violations.map(({ rule, from, to }) => `${from} -> ${to}: ${rule.name}`)
  for (const file of unclaimedFiles(files)) faults.push(`${file}: no layer in scripts/import-rules.ts claims this file`)
  const seen = cruisedModules(result)
  if (seen !== files.length) faults.push(`${seen} modules were looked at, but there are ${files.length} files`)
  return faults
}

const root = resolve(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url)))
const { modules, faults } = await checkImports(root)
for (const fault of faults) console.error(fault)
console.log(`${modules} modules, ${faults.length} faults`)
if (faults.length > 0) process.exitCode = 1
