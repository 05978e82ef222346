/**
 * The programs that the suite runs: the parts of a control plane, and kwok, which plays the nodes. They are built from Go
 * modules once, into the user's cache, under the hash of what they are built from.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type Programs = {
  /** The program of `test/control-plane`, which is each part by its first argument. */
  readonly controlPlane: string
  readonly kwok: string
  /** The folder of the Gateway API's CRDs. */
  readonly gatewayCrds: string
}

const source = fileURLToPath(new URL('../control-plane', import.meta.url))
/** Kubernetes gets its version from its own build, not from its module. */
const kubernetes = ['1', '37', '2'] as const
const versionFlags = Object.entries({
  gitMajor: kubernetes[0],
  gitMinor: kubernetes[1],
  gitVersion: `v${kubernetes.join('.')}`,
})
  .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  .join(' ')
const kwokVersion = 'v0.8.0'
const gatewayVersion = 'v1.6.3'

type Ran = { readonly code: number | null; readonly output: string; readonly errors: string }

const run = (
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: object } = {},
): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, GOWORK: 'off', ...options.env }
    const child = spawn(program, args, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const texts = { output: '', errors: '' }
    child.stdout.on('data', (chunk: Buffer) => {
      texts.output += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      texts.errors += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, ...texts }))
  })

/** Which Go there is; null: none. */
export const findGo = async (): Promise<string | null> => {
  const found = await run('go', ['env', 'GOVERSION', 'GOOS', 'GOARCH'], { cwd: source }).catch(() => null)
  return found?.code === 0 ? found.output.trim() : null
}

const go = async (args: readonly string[], env: object = {}): Promise<string> => {
  const { code, output, errors } = await run('go', args, { cwd: source, env })
  if (code !== 0) throw new Error(`go ${args.join(' ')} ended with code ${code}:\n${errors.slice(-4_000)}`)
  return output
}

/** Builds what isn't there yet: minutes the first time, nothing after that. */
export const buildPrograms = async (goVersion: string): Promise<Programs> => {
  const hash = createHash('sha256').update(`${goVersion} ${versionFlags} kwok ${kwokVersion}`)
  for (const file of ['go.mod', 'go.sum', 'main.go']) hash.update(await readFile(join(source, file)))
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  const folder = join(cache, 'titrate', 'kubernetes-tests', hash.digest('hex').slice(0, 16))
  await mkdir(folder, { recursive: true })
  const controlPlane = join(folder, 'control-plane')
  const kwok = join(folder, 'kwok')
  await once(controlPlane, 'the control plane (about five minutes on two cores)', (target) =>
    go(['build', '-trimpath', `-ldflags=-s -w ${versionFlags}`, '-o', target, '.']),
  )
  await once(kwok, 'kwok (about a minute)', async (target) => {
    // `go install` of a version ignores the module of the folder, and names the program itself.
    const bin = `${target}.bin`
    await go(['install', '-ldflags=-s -w', `sigs.k8s.io/kwok/cmd/kwok@${kwokVersion}`], { GOBIN: bin })
    await rename(join(bin, 'kwok'), target)
  })
  const downloaded: unknown = JSON.parse(
    await go(['mod', 'download', '-json', `sigs.k8s.io/gateway-api@${gatewayVersion}`]),
  )
  const module =
    typeof downloaded === 'object' && downloaded !== null && 'Dir' in downloaded ? String(downloaded.Dir) : ''
  return { controlPlane, kwok, gatewayCrds: join(module, 'config', 'crd', 'standard') }
}

/** Builds beside the place and moves it there whole, so that neither a killed build nor one beside it leaves half a program. */
const once = async (program: string, what: string, build: (target: string) => Promise<unknown>): Promise<void> => {
  if (existsSync(program)) return
  const startedAt = Date.now()
  console.error(`Building ${what}...`)
  const target = `${program}.${process.pid}`
  await build(target)
  await rename(target, program)
  console.error(`Built in ${Math.round((Date.now() - startedAt) / 1000)} s: ${program}`)
}
