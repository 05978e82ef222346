import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clusterGiven } from './clusters.ts'

const program = fileURLToPath(new URL('../../bin/titrate.mjs', import.meta.url))

export type Ended = { readonly code: number; readonly out: string; readonly err: string }

/** A person with a terminal, a folder of their own, and a kubeconfig for both clusters (contexts `blue` and `green`). */
export type Terminal = {
  readonly folder: string
  run(...words: readonly string[]): Promise<Ended>
  leave(): void
}

export const openTerminal = (kubeconfigs?: readonly string[]): Terminal => {
  const folder = mkdtempSync(join(tmpdir(), 'titrate-terminal-'))
  const files = kubeconfigs ?? [clusterGiven('blue').kubeconfig, clusterGiven('green').kubeconfig]
  return {
    folder,
    run: async (...words) => {
      const env = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', KUBECONFIG: files.join(delimiter) }
      const child = spawn(process.execPath, [program, ...words], {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let [out, err] = ['', '']
      child.stdout.on('data', (chunk: Buffer) => void (out += chunk.toString()))
      child.stderr.on('data', (chunk: Buffer) => void (err += chunk.toString()))
      const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)))
      return { code, out, err }
    },
    leave: () => rmSync(folder, { recursive: true, force: true }),
  }
}
