import { spawnSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Below `node_modules`, so that packages are found from there; nothing else looks into it. */
const cache = join(root, 'node_modules/.cache')

/**
 * Emits benches with all that they import as JavaScript, as the package has it: what strips types from TypeScript
 * takes 20 to 40 MB, which no user's engine needs. Returns the folder of the benches; throws when it can't be done.
 */
export const compileBenches = (names: readonly string[], into = 'titrate-benches'): string => {
  const compiled = join(cache, into)
  rmSync(compiled, { recursive: true, force: true })
  mkdirSync(compiled, { recursive: true })
  const settings = join(compiled, 'tsconfig.json')
  writeFileSync(
    settings,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        allowJs: false,
        rootDir: root,
        outDir: compiled,
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: [],
      files: names.map((name) => join(root, 'bench', `${name}.ts`)),
    }),
  )
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc')
  if (spawnSync(process.execPath, [tsc, '-p', settings], { cwd: root, stdio: 'inherit' }).status !== 0)
    throw new Error('The benches could not be compiled; what the compiler says is above.')
  for (const file of ['package.json', ...globSync('src/**/*.sql', { cwd: root })]) {
    mkdirSync(dirname(join(compiled, file)), { recursive: true })
    copyFileSync(join(root, file), join(compiled, file))
  }
  return join(compiled, 'bench')
}
