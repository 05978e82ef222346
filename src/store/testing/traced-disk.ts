import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/**
 * What a process did to files, call by call, as strace saw it: enough to say what a disk holds for certain at any moment
 * (what was synced), and what it may or may not hold (what was only written).
 */
export type DiskCall =
  | { readonly kind: 'write'; readonly file: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly file: string; readonly length: number }
  | { readonly kind: 'sync'; readonly file: string }
  /** Whether a removed file is gone is certain only when its folder was synced. */
  | { readonly kind: 'remove'; readonly file: string }
  | { readonly kind: 'sync folder' }
  /** Something was told to whoever waits: on the standard output. */
  | { readonly kind: 'said'; readonly text: string }

/** Longer than any page that is written at once. */
const longestWrite = 70_000
const calls = ['pwrite64', 'ftruncate', 'fsync', 'fdatasync', 'unlink', 'write']

/** Whether processes may be traced here; to skip tests by. */
export const canTrace = (): boolean => {
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', process.execPath, '--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Runs a program to its end, and tells what it did to the files of one folder, and what it said. */
export const traceDisk = (program: readonly string[], traced: string): readonly DiskCall[] => {
  const folder = mkdtempSync(join(tmpdir(), 'titrate-trace-'))
  const shown = ['-e', `trace=${calls.join(',')}`, '-e', 'signal=none', '-xx', '-s', String(longestWrite)]
  // A file for each thread: in one of all, calls of two threads at once are cut in two.
  const output = ['-ff', '-o', join(folder, 'trace')]
  execFileSync('strace', ['-qq', '-y', ...shown, ...output, process.execPath, ...program], { stdio: 'pipe' })
  const threads = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
  rmSync(folder, { recursive: true })
  const [writer, ...others] = threads.filter((text) => text.includes('pwrite64'))
  if (writer === undefined || others.length > 0) throw new Error('one thread, and only one, has to write')
  return writer.split('\n').flatMap((line) => parseCall(line, traced))
}

/** `\x0a\x00…`: every byte as two digits. */
const bytesOf = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex')

/** `pwrite64(22</tmp/x/store.db-wal>, "\\x00…", 24, 32992) = 24`; paths are written as bytes, too. */
const onDescriptor = /^(\w+)\((\d+)<([^>]*)>(?:, "((?:\\x\w\w)*)")?(?:, (\d+))?(?:, (\d+))?\) += \d+/
const onPath = /^unlink\("((?:\\x\w\w)*)"\) += 0/

const parseCall = (line: string, folder: string): readonly DiskCall[] => {
  const removed = onPath.exec(line)?.[1]
  if (removed !== undefined) {
    const path = bytesOf(removed).toString()
    return dirname(path) === folder ? [{ kind: 'remove', file: basename(path) }] : []
  }
  const [, call = '', descriptor, shown = '', text = '', first = '', second = ''] = onDescriptor.exec(line) ?? []
  if (call === 'write') return descriptor === '1' ? [{ kind: 'said', text: bytesOf(text).toString() }] : []
  const path = shown.includes('\\x') ? bytesOf(shown).toString() : shown
  if (path === folder) return call.endsWith('sync') ? [{ kind: 'sync folder' }] : []
  if (dirname(path) !== folder) return []
  const file = basename(path)
  if (call === 'pwrite64') return [{ kind: 'write', file, at: Number(second), bytes: bytesOf(text) }]
  if (call === 'ftruncate') return [{ kind: 'truncate', file, length: Number(first) }]
  return [{ kind: 'sync', file }]
}

type FileCall = Extract<DiskCall, { kind: 'write' | 'truncate' }>

/** A file that grows in place: copying it at every write would cost more than all else. */
type Content = { bytes: Buffer; length: number }

const apply = (content: Content, call: FileCall): void => {
  if (call.kind === 'truncate') {
    content.bytes.fill(0, call.length)
    content.length = call.length
    return
  }
  const end = call.at + call.bytes.length
  if (end > content.bytes.length) content.bytes = Buffer.concat([content.bytes], 2 * end)
  call.bytes.copy(content.bytes, call.at)
  content.length = Math.max(content.length, end)
}

const sectorBytes = 512

const sectorsOf = (call: FileCall): readonly FileCall[] => {
  if (call.kind !== 'write') return [call]
  const count = Math.ceil(call.bytes.length / sectorBytes)
  return Array.from({ length: count }, (_, index) => ({
    ...call,
    at: call.at + index * sectorBytes,
    bytes: call.bytes.subarray(index * sectorBytes, (index + 1) * sectorBytes),
  }))
}

/** A disk that is given one call after another. */
export const createDisk = () => {
  const synced = new Map<string, Content>()
  const open = new Map<string, FileCall[]>()
  const removed = new Set<string>()
  const contentOf = (file: string): Content => {
    const content = synced.get(file) ?? { bytes: Buffer.alloc(0), length: 0 }
    synced.set(file, content)
    return content
  }
  const forget = (file: string): void => {
    synced.delete(file)
    removed.delete(file)
  }
  const take = (call: DiskCall): void => {
    switch (call.kind) {
      case 'said':
        return
      case 'sync folder':
        for (const file of removed) forget(file)
        return
      case 'remove':
        open.delete(call.file)
        removed.add(call.file)
        return
      case 'sync': {
        const content = contentOf(call.file)
        for (const each of open.get(call.file) ?? []) apply(content, each)
        open.delete(call.file)
        return
      }
      case 'write':
      case 'truncate': {
        // A new file of that name: what the old one held is gone.
        if (removed.has(call.file)) forget(call.file)
        const waiting = open.get(call.file) ?? []
        waiting.push(call)
        open.set(call.file, waiting)
        return
      }
      default:
        return call satisfies never
    }
  }
  /** What it holds after a power cut now: all that was synced, and of the rest each sector or not, as `random` says. */
  const cutPower = (random: () => number): ReadonlyMap<string, Buffer> => {
    const left = new Map<string, Buffer>()
    for (const file of new Set([...synced.keys(), ...open.keys()])) {
      if (removed.has(file) && random() < 0.5) continue
      const { bytes, length } = synced.get(file) ?? { bytes: Buffer.alloc(0), length: 0 }
      const content = { bytes: Buffer.from(bytes), length }
      for (const call of open.get(file) ?? [])
        for (const sector of sectorsOf(call)) if (random() < 0.5) apply(content, sector)
      left.set(file, content.bytes.subarray(0, content.length))
    }
    return left
  }
  return { take, cutPower }
}
