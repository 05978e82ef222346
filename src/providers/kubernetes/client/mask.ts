/** A JSON web token, wherever it stands: three parts of which the first two begin like an encoded `{"`. */
const webToken = /eyJ[\w-]{5,}\.eyJ[\w-]{5,}(\.[\w-]*)?/g
const bearer = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi
const pemKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g

/** Takes what must not be shown out of a text that others wrote: known secrets, and what looks like one. */
export const mask = (text: string, secrets: readonly string[]): string => {
  const known = secrets.filter((each) => each.length >= 4).toSorted((a, b) => b.length - a.length)
  const without = known.reduce((rest, secret) => rest.replaceAll(secret, '…'), text)
  return without.replace(pemKey, '…').replace(webToken, '…').replace(bearer, '$1 …')
}
