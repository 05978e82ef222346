/**
 * The one error class of Titrate, and the catalogue of its codes.
 *
 * Expected outcomes are values; an error is for what the caller cannot decide on. Every code is described
 * in `docs/errors.md`, and a test checks the two lists against each other.
 */
export const errorCodes = {
  BUG: 'Something that should be impossible happened. Please report it, with the message.',
  USAGE: 'The command was called in a way it does not understand.',
  RELEASE_FILE: 'The release file, or a file it names, has faults; all of them are listed.',
  ENVIRONMENT_UNREACHABLE: 'An environment did not answer.',
  MANIFESTS: 'Manifests, or files of facts about AWS, have faults; all of them are listed.',
  ENVIRONMENT_FILE: 'An environment file has faults; all of them are listed.',
  KUBECONFIG: 'The kubeconfig, or the context named in it, cannot be used.',
  CLUSTER_UNREACHABLE: 'A Kubernetes cluster did not answer, or does not accept the credentials.',
  CLUSTER_REFUSED: 'A Kubernetes cluster answers, and can not be used: too old, or nothing may be read.',
  ENVIRONMENT_RUNNING: 'Another supervisor already runs this environment.',
  ROUTER_RUNNING: 'Another process already runs this router.',
  ROUTER_UNAVAILABLE: 'The router could not be started, stopped or reached.',
  ENVIRONMENT_TAKEN: 'An environment belongs to another release, or to a newer engine of this one.',
  STORE_UNAVAILABLE: 'The store of the release could not be opened, read or written.',
  STORE_NEWER: 'The store was written by a newer version of Titrate.',
  JOURNAL_BROKEN: 'The journal does not verify: an event was changed, removed or cut off.',
  ENGINE_RUNNING: 'Another engine is running this release.',
  NO_RELEASE: 'There is no release yet where the command looked for one.',
  NODE_TOO_OLD: 'This version of Node.js is older than Titrate needs.',
} as const satisfies Record<string, string>

export type ErrorCode = keyof typeof errorCodes

export class TitrateError extends Error {
  readonly code: ErrorCode
  /** Facts for programs; never a secret. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'TitrateError'
    this.code = code
    this.details = options.details ?? {}
  }
}

/** A fault of ours. The message asks for a report, because nobody outside can do anything about it. */
export const bug = (what: string): TitrateError =>
  new TitrateError('BUG', `This is a fault in Titrate, please report it: ${what}`)
