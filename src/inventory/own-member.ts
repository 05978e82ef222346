/** What a record holds under a name that people chose. What every object answers to by itself (`constructor`) is not in it. */
export const ownMember = <T>(of: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(of, name) ? of[name] : undefined
