import { readFile } from 'node:fs/promises'

/** Where a secret is found; never the secret. `path` is absolute. Printing a reference gives nothing away. */
export type SecretReference =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'variable'; readonly name: string }

export type SecretRead =
  | { readonly kind: 'ok'; readonly value: string }
  | { readonly kind: 'refused'; readonly because: string }

/** `the file secrets/key`, `the variable API_KEY`: for messages. */
export const describeSecret = (reference: SecretReference): string =>
  reference.kind === 'file' ? `the file ${reference.path}` : `the variable ${reference.name}`

const maxSecretBytes = 65_536

/**
 * Reads a secret at the moment and place where it is used. One line break at the end of a file is not part of it.
 * `refused` names the reference and what is wrong with it, never any of its content.
 */
export const resolveSecret = async (
  reference: SecretReference,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<SecretRead> => {
  const refused = (why: string): SecretRead => ({ kind: 'refused', because: `${describeSecret(reference)} ${why}` })
  if (reference.kind === 'variable') {
    const value = Object.hasOwn(variables, reference.name) ? variables[reference.name] : undefined
    return value === undefined || value === '' ? refused('is not set') : { kind: 'ok', value }
  }
  try {
    const bytes = await readFile(reference.path)
    if (bytes.length > maxSecretBytes)
      return refused(`has more than ${maxSecretBytes} bytes, which is too much for a secret`)
    const value = bytes.toString('utf8').replace(/\r?\n$/, '')
    return value === '' ? refused('is empty') : { kind: 'ok', value }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error'
    return refused(code === 'ENOENT' ? 'does not exist' : `can’t be read (${code})`)
  }
}
