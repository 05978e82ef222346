/** A journal's head as reports print it: `POSITION:HASH`. */
export const readHead = (input: string): { readonly position: number; readonly hash: string } => {
  const [, position, hash] = /^(\d+):([0-9a-f]{64})$/.exec(input) ?? []
  if (position === undefined || hash === undefined)
    throw new SyntaxError(`found "${input}", expected POSITION:HASH as a report prints it (64 hexadecimal digits)`)
  return { position: Number(position), hash }
}
