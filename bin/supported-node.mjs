/**
 * Which versions of Node.js run Titrate: the same range as `engines` in package.json (a test compares them).
 * Written for any Node.js that knows ES modules, because its reader may be too old for anything newer.
 */
export const neededNode = '^22.19.0 || ^24.11.0 || >=26.0.0'

/** @param {string} version as in `process.versions.node`: "24.11.0" */
export function supportsNode(version) {
  const [major, minor] = version.split('.').map(Number)
  if (major === 22) return minor >= 19
  if (major === 24) return minor >= 11
  return major >= 26
}
