import { X509Certificate } from 'node:crypto'
import type { Millis } from '../../../moves/goal.ts'

/** What went wrong on the way to an API server, in words, and what to look at. Nothing that was sent is in it. */
export const troubleInWords = (error: unknown, server: string): string => {
  const where = new URL(server).host
  const code = codeOf(error)
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens on ${where}`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name of ${where} is not known here: is a VPN or its DNS off?`
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `no connection to ${where} could be made: a firewall, a VPN that is off, or a private endpoint?`
    case 'CERT_HAS_EXPIRED':
      return `the certificate of ${where} has expired: it has to be renewed on the cluster's side`
    case 'CERT_NOT_YET_VALID':
      return `the certificate of ${where} is not valid yet: is the clock of this machine right?`
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate of ${where} is for other names: check 'server' and 'tls-server-name' in the kubeconfig`
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_SIGNATURE_FAILURE':
      return `the certificate of ${where} is not signed by the authority in the kubeconfig: is it the right cluster?`
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'EPROTO':
      return `${where} does not speak TLS`
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
    case 'TimeoutError':
    case 'AbortError':
      return `${where} did not answer in time`
    case 'UND_ERR_SOCKET':
    case 'ECONNRESET':
    case 'EPIPE':
      return `the connection to ${where} was closed before the answer was there`
    default:
      return `the request to ${where} failed (${code})`
  }
}

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown'
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause instanceof Error ? codeOf(error.cause) : error.name
}

/** Why the API server may not have known us, as far as it can be told from here. */
export const whyNotKnown = (certificate: string | null, now: Millis): string => {
  if (certificate === null) return 'Log in again, or correct the user in the kubeconfig.'
  const until = expiryOf(certificate)
  if (until !== null && until < now)
    return `The client certificate expired on ${new Date(until).toISOString()}: get a new one.`
  return 'Check the client certificate in the kubeconfig.'
}

const expiryOf = (certificate: string): Millis | null => {
  try {
    return new X509Certificate(certificate).validToDate.getTime()
  } catch {
    return null
  }
}
