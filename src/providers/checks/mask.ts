/** Shorter ones would hide half of every text, and are found in it by chance. */
const leastLength = 4

/** Replaces each secret, and each whole line of one, by `***`. The longest first: one may be part of another. */
export const maskSecrets = (text: string, secrets: readonly string[]): string => {
  const hidden = secrets
    .flatMap((secret) => [
      secret,
      ...secret.split(/\r?\n/),
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
    ])
    .filter(({ length }) => length >= leastLength)
    .toSorted((a, b) => b.length - a.length)
  return hidden.reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
}
