import { readFile } from 'node:fs/promises'

/** PEM from base64 in the kubeconfig itself, which goes first as it does for kubectl, or from a file; null: neither is given. */
export const pemOf = async (
  data: string | null | undefined,
  file: string | null | undefined,
): Promise<string | null> => {
  if (data) return Buffer.from(data, 'base64').toString('utf8')
  return file ? readFile(file, 'utf8') : null
}
