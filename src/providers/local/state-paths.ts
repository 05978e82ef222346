import { createHash } from 'node:crypto'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { LocalEnvironment } from './environment-file.ts'

/** Where a supervisor keeps what it must not forget, and where it can be reached. */
export type StatePaths = {
  /** Only its owner may enter (0700). */
  readonly directory: string
  readonly socket: string
  /** The folder of the socket, if it isn't the state's: also 0700. */
  readonly socketDirectory: string
  readonly database: string
  readonly logs: string
  /** What the supervisor itself has to say. */
  readonly ownLog: string
}

/** The kernel's limit is 108 bytes with its end (104 on macOS). */
const longestSocketPath = 100

/** A socket beside the state; where its path is too long for the kernel, under a hashed name in the temporary directory. */
export const socketPathOf = (stateDirectory: string, file: string): { socket: string; directory: string } => {
  const plain = join(stateDirectory, file)
  if (Buffer.byteLength(plain) <= longestSocketPath) return { socket: plain, directory: stateDirectory }
  const directory = join(tmpdir(), `titrate-${userInfo().uid}`)
  const hash = createHash('sha256').update(plain).digest('hex').slice(0, 24)
  return { socket: join(directory, `${hash}.sock`), directory }
}

export const statePathsOf = (environment: Pick<LocalEnvironment, 'stateDirectory'>): StatePaths => {
  const directory = environment.stateDirectory
  const { socket, directory: socketDirectory } = socketPathOf(directory, 'supervisor.sock')
  return {
    directory,
    socket,
    socketDirectory,
    database: join(directory, 'supervisor.db'),
    logs: join(directory, 'logs'),
    ownLog: join(directory, 'supervisor.log'),
  }
}
