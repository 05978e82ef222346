/**
 * `npm run build`: emits `src/` to `dist/` as JavaScript, and copies what is not TypeScript.
 * The package is a program: it exports nothing to import, so it carries no declarations.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

const emit = (): boolean => {
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc')
  return spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' }).status === 0
}

/** SQL, JSON, HTML and the like, which the code finds beside itself. */
const copyAssets = (): void => {
  for (const file of globSync('**/*.*', { cwd: join(root, 'src') })) {
    if (file.endsWith('.ts') || file.split('/').includes('testing') || file.includes('.test.')) continue
    mkdirSync(dirname(join(dist, file)), { recursive: true })
    copyFileSync(join(root, 'src', file), join(dist, file))
  }
}

/**
 * The compiler rewrites `.ts` in imports, but not in a URL or path made at run time, such as that of a program to
 * start: there it would name a file that the package doesn't have.
 */
const findSourcePaths = (): string[] =>
  globSync('**/*.js', { cwd: dist }).flatMap((file) =>
    readFileSync(join(dist, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        /new URL\([^)]*\.ts['"`]/.test(line) ? [`dist/${file}:${index + 1}: ${line.trim()}`] : [],
      ),
  )

rmSync(dist, { recursive: true, force: true })
if (emit()) {
  copyAssets()
  const faults = findSourcePaths()
  for (const fault of faults) {
    console.error(`${fault}\n  names a TypeScript file, which the package lacks: take the extension of import.meta.url`)
  }
  process.exitCode = faults.length > 0 ? 1 : 0
} else process.exitCode = 1
