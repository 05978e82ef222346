import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'

/** Makes X.509 certificates for servers and people of tests, with nothing but Node (RFC 5280, DER). */
export type Issued = { readonly certificate: string; readonly key: string }

export type Authority = {
  /** PEM; what others have to trust. */
  readonly certificate: string
  readonly key: string
  issue(wanted: {
    readonly commonName: string
    /** Groups, to Kubernetes. */
    readonly organizations?: readonly string[]
    /** Host names and addresses. None: a client's certificate. */
    readonly hosts?: readonly string[]
    readonly until?: Date
  }): Issued
}

const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts)
  const length = content.length
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const bytes = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length]), bytes, content])
}
const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts)
const set = (...parts: readonly Buffer[]) => der(0x31, ...parts)
const text = (value: string) => der(0x0c, Buffer.from(value))
const octets = (value: Buffer) => der(0x04, value)
const bits = (value: Buffer, unused = 0) => der(0x03, Buffer.from([unused]), value)
const yes = der(0x01, Buffer.from([0xff]))
const oid = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const septets = (value: number): number[] => {
    const low = [value & 0x7f]
    for (let high = value >> 7; high > 0; high >>= 7) low.unshift((high & 0x7f) | 0x80)
    return low
  }
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(septets)]))
}
const time = (at: Date) => der(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`))

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))
const name = (commonName: string, organizations: readonly string[] = []) =>
  sequence(
    ...organizations.map((each) => set(sequence(oid('2.5.4.10'), text(each)))),
    set(sequence(oid('2.5.4.3'), text(commonName))),
  )
const extension = (id: string, isCritical: boolean, value: Buffer) =>
  sequence(oid(id), ...(isCritical ? [yes] : []), octets(value))
const alternative = (host: string) =>
  isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host))

const extensionsOf = (hosts: readonly string[] | null): readonly Buffer[] => {
  if (hosts === null) {
    return [
      extension('2.5.29.19', true, sequence(yes)),
      // May sign certificates.
      extension('2.5.29.15', true, bits(Buffer.from([0x04]), 2)),
    ]
  }
  const purpose = oid(hosts.length > 0 ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2')
  const names = hosts.length > 0 ? [extension('2.5.29.17', false, sequence(...hosts.map(alternative)))] : []
  return [
    extension('2.5.29.19', true, sequence()),
    extension('2.5.29.15', true, bits(Buffer.from([0x80]), 7)),
    extension('2.5.29.37', false, sequence(purpose)),
    ...names,
  ]
}

type Content = {
  readonly issuer: Buffer
  readonly subject: Buffer
  readonly until: Date
  readonly publicKey: KeyObject
  readonly extensions: readonly Buffer[]
}

const certificateOf = (content: Content, signer: KeyObject): string => {
  const { issuer, subject, until, publicKey, extensions } = content
  const from = new Date(Math.min(Date.now(), until.getTime()) - 3_600_000)
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaWithSha256,
    issuer,
    sequence(time(from), time(until)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  )
  const whole = sequence(body, ecdsaWithSha256, bits(sign('sha256', body, signer)))
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

const tomorrow = () => new Date(Date.now() + 24 * 3_600_000)
const newKeys = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { publicKey, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

export const createAuthority = (commonName: string): Authority => {
  const issuer = name(commonName)
  const own = newKeys()
  const signer = createPrivateKey(own.pem)
  const itself = {
    issuer,
    subject: issuer,
    until: tomorrow(),
    publicKey: own.publicKey,
    extensions: extensionsOf(null),
  }
  return {
    certificate: certificateOf(itself, signer),
    key: own.pem,
    issue: ({ commonName: subject, organizations, hosts = [], until = tomorrow() }) => {
      const { publicKey, pem } = newKeys()
      const extensions = extensionsOf(hosts)
      const content = { issuer, subject: name(subject, organizations), until, publicKey, extensions }
      return { certificate: certificateOf(content, signer), key: pem }
    },
  }
}
