import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Agent } from 'undici'
import { createAuthority, type Issued } from '../../src/providers/kubernetes/client/testing/certificates.ts'
import { findFreePorts, type Running, start } from './processes.ts'
import type { Programs } from './programs.ts'

/** What tests need to know of a cluster; plain data, so that it can be handed to other processes. */
export type ClusterGiven = {
  readonly name: 'blue' | 'green'
  readonly server: string
  /** PEM of the authority that signed the server's certificate; empty where the suite was given kubeconfigs. */
  readonly authority: string
  /** A kubeconfig with one context of this name, as administrator. */
  readonly kubeconfig: string
  /** The administrator's bearer token; empty where the suite was given kubeconfigs. */
  readonly token: string
  /** Of processes that are ours, so may be stopped; null where the suite was given kubeconfigs. */
  readonly pids: { readonly controllerManager: number; readonly apiServer: number } | null
  readonly folder: string
}

/** The controller manager as a process that a test may stop. Started anew it has another process id than `given` says. */
export type Controllers = {
  freeze(): void
  thaw(): void
  /** As a crash does it. */
  kill(): Promise<void>
  startAgain(): void
}

export type ControlPlane = {
  readonly given: ClusterGiven
  readonly running: readonly Running[]
  readonly controllers: Controllers
  stop(): Promise<void>
}

const readyMs = 120_000

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A kubeconfig with one cluster; JSON is YAML. */
export const kubeconfigOf = (name: string, server: string, authority: string, user: object): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [{ name, user }],
  })

const certificateUser = (issued: Issued): object => ({
  'client-certificate-data': base64(issued.certificate),
  'client-key-data': base64(issued.key),
})

/** One cluster's etcd, API server, controller manager and scheduler, each a process, with keys and tokens of its own. */
export const startControlPlane = async (
  name: 'blue' | 'green',
  programs: Programs,
  folder: string,
  more: {
    /** How many requests a second the controllers may make; left out: what they do by themselves, which is 20. */
    readonly controllersPerSecond?: number
  } = {},
): Promise<ControlPlane> => {
  mkdirSync(folder, { recursive: true })
  const file = (of: string, content: string): string => {
    writeFileSync(join(folder, of), content, { mode: 0o600 })
    return join(folder, of)
  }
  const [etcdPort = 0, peerPort = 0, port = 0] = await findFreePorts(3)
  const server = `https://127.0.0.1:${port}`
  const authority = createAuthority(`${name} authority`)
  const tls = authority.issue({
    commonName: 'kube-apiserver',
    hosts: ['127.0.0.1', 'localhost', 'kubernetes.default.svc'],
  })
  const accounts = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const accountKey = file('accounts.key', accounts.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  const accountPublic = file('accounts.pub', accounts.publicKey.export({ type: 'spki', format: 'pem' }).toString())
  const token = randomBytes(24).toString('base64url')
  const tokens = file('tokens.csv', `${token},admin,admin,"system:masters"\n`)
  const ca = file('authority.crt', authority.certificate)
  const configFor = (of: string, user: object) =>
    file(`${of}.kubeconfig`, kubeconfigOf(name, server, authority.certificate, user))
  const identity = (commonName: string) => certificateUser(authority.issue({ commonName }))
  const running: Running[] = []
  const part = (of: string, flags: Readonly<Record<string, string | number | boolean>>): Running => {
    const own = join(process.env['KUBEBUILDER_ASSETS'] ?? '/nowhere', of)
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
    const log = join(folder, `${of}.log`)
    const started = existsSync(own)
      ? start(of, programs.controlPlane, ['guard', own, ...args], log)
      : start(of, programs.controlPlane, [of, ...args], log)
    running.push(started)
    return started
  }
  const stop = async () => void (await Promise.all(running.map((each) => each.end())))

  try {
    const client = `http://127.0.0.1:${etcdPort}`
    const peer = `http://127.0.0.1:${peerPort}`
    part('etcd', {
      'data-dir': join(folder, 'etcd'),
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `default=${peer}`,
      'unsafe-no-fsync': true,
      'log-level': 'warn',
    })
    const apiServer = part('kube-apiserver', {
      'etcd-servers': client,
      'bind-address': '127.0.0.1',
      'advertise-address': '127.0.0.1',
      'secure-port': port,
      'client-ca-file': ca,
      'tls-cert-file': file('server.crt', tls.certificate),
      'tls-private-key-file': file('server.key', tls.key),
      'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
      'service-account-key-file': accountPublic,
      'service-account-signing-key-file': accountKey,
      'token-auth-file': tokens,
      'authorization-mode': 'Node,RBAC',
      'service-cluster-ip-range': '10.0.0.0/16',
      'endpoint-reconciler-type': 'none',
      'allow-privileged': true,
    })
    const admin = configFor('admin', { token })
    await waitUntilReady(server, authority.certificate, token, running)
    const { controllersPerSecond: qps } = more
    const hurry = qps === undefined ? {} : { 'kube-api-qps': qps, 'kube-api-burst': 2 * qps }
    const loopback = { 'bind-address': '127.0.0.1', 'secure-port': 0, 'leader-elect': false }
    const manager = configFor('controller-manager', identity('system:kube-controller-manager'))
    const startControllers = () =>
      part('kube-controller-manager', {
        ...loopback,
        ...hurry,
        kubeconfig: manager,
        'service-account-private-key-file': accountKey,
        'root-ca-file': ca,
        'use-service-account-credentials': true,
        // A loaded machine lets kwok be late with the node's lease, and pods that were once made unready then stay so.
        'node-monitor-grace-period': '1h0m0s',
      })
    let controllerManager = startControllers()
    const controllers: Controllers = {
      freeze: () => controllerManager.signal('SIGSTOP'),
      thaw: () => controllerManager.signal('SIGCONT'),
      kill: () => {
        controllerManager.signal('SIGKILL')
        return controllerManager.end()
      },
      startAgain: () => {
        controllerManager = startControllers()
      },
    }
    const scheduler = configFor('scheduler', identity('system:kube-scheduler'))
    part('kube-scheduler', { ...loopback, ...hurry, kubeconfig: scheduler })
    const pids = { controllerManager: controllerManager.pid, apiServer: apiServer.pid }
    const given = { name, server, authority: authority.certificate, kubeconfig: admin, token, pids, folder }
    return { given, running, controllers, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const waitUntilReady = async (
  server: string,
  ca: string,
  token: string,
  running: readonly Running[],
): Promise<void> => {
  const agent = new Agent({ connect: { ca } })
  const until = Date.now() + readyMs
  try {
    while (Date.now() < until) {
      const dead = running.find((each) => !each.isAlive())
      if (dead !== undefined) throw new Error(`${dead.name} ended before it was ready:\n${dead.tail()}`)
      const status = await statusOf(agent, server, token)
      if (status === 200) return
      await pause(100)
    }
    const last = running.at(-1)
    throw new Error(`${last?.name} was not ready within ${readyMs / 1000} s:\n${last?.tail()}`)
  } finally {
    await agent.destroy()
  }
}

const statusOf = async (agent: Agent, server: string, token: string): Promise<number | null> => {
  try {
    const headers = { authorization: `Bearer ${token}` }
    const { statusCode, body } = await agent.request({ origin: server, path: '/readyz', method: 'GET', headers })
    await body.dump()
    return statusCode
  } catch {
    return null
  }
}
