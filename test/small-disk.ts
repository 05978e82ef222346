/** A disk for tests that is small enough to be filled: a tmpfs, which only root may mount. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const programs = { mount: 'mount', unmount: 'umount' } as const

/** Mounts a disk of so many megabytes over a folder. False: this user may not. */
export const mountSmallDisk = (folder: string, megabytes: number): boolean => {
  try {
    execFileSync(programs.mount, ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export const remount = (folder: string, as: 'ro' | 'rw'): void => {
  execFileSync(programs.mount, ['-o', `remount,${as}`, folder])
}

export const unmountSmallDisk = (folder: string): void => {
  execFileSync(programs.unmount, ['-l', folder])
}

/** Whether this user may mount a disk; to skip tests by. */
export const canMountDisks = (): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'titrate-mount-'))
  const could = mountSmallDisk(folder, 1)
  if (could) unmountSmallDisk(folder)
  rmSync(folder, { recursive: true })
  return could
}

/** Fills a disk to its last block; removing the file that it names makes room again. */
export const fillDisk = (folder: string): string => {
  const ballast = join(folder, 'ballast')
  for (const size of [65_536, 4_096]) {
    try {
      for (;;) writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' })
    } catch {
      // Full, but for less than this size.
    }
  }
  return ballast
}
