import { join } from 'node:path'
import { socketPathOf } from '../local/state-paths.ts'
import type { RouterFile } from './router-file.ts'

/** Where a router keeps what it must not forget, and where it can be reached. */
export type RouterPaths = {
  readonly directory: string
  readonly socket: string
  /** Also only for its owner; the state's, unless that path is too long for a socket. */
  readonly socketDirectory: string
  readonly lock: string
  /** Where it listens, for those who look while it is away, and for its next start. */
  readonly addresses: string
  readonly log: string
}

export const routerPathsOf = ({ stateDirectory: directory }: Pick<RouterFile, 'stateDirectory'>): RouterPaths => {
  const { socket, directory: socketDirectory } = socketPathOf(directory, 'router.sock')
  return {
    directory,
    socket,
    socketDirectory,
    lock: join(directory, 'router.lock'),
    addresses: join(directory, 'addresses.json'),
    log: join(directory, 'router.log'),
  }
}
