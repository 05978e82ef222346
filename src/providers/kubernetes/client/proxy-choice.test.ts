import { describe, expect, it } from 'vitest'
import { chooseProxy } from './proxy-choice.ts'

const choose = (server: string, environment: Record<string, string>, own: string | null = null) =>
  chooseProxy(new URL(server), own, environment)

describe('the proxy on the way to a cluster', () => {
  it("is the cluster's own, else the environment's, small letters first", () => {
    const environment = { HTTPS_PROXY: 'http://big:1', https_proxy: 'small:2', HTTP_PROXY: 'http://plain:3' }
    expect(choose('https://api.example', environment, 'socks5://own:9')).toBe('socks5://own:9')
    expect(choose('https://api.example', environment)).toBe('http://small:2')
    expect(choose('http://api.example', environment)).toBe('http://plain:3')
    expect(choose('https://api.example', {})).toBeNull()
  })

  it.each([
    ['https://localhost:6443', '', null],
    ['https://127.0.0.1:6443', '', null],
    ['https://[::1]:6443', '', null],
    ['https://api.example', '*', null],
    ['https://api.example', 'example', null],
    ['https://api.example', ' other, .example', null],
    ['https://api.example', 'pi.example', 'http://p:1'],
    ['https://api.example:6443', 'api.example:443', 'http://p:1'],
    ['https://api.example', 'api.example:443', null],
    ['https://10.1.2.3', '10.0.0.0/8', null],
    ['https://11.1.2.3', '10.0.0.0/8,10.0.0.0/99,/8', 'http://p:1'],
    ['https://[fd00::7]', 'fd00::/8', null],
    ['https://10.1.2.3', '2.3', 'http://p:1'],
  ])('of %s with NO_PROXY %j is %s', (server, exceptions, expected) => {
    expect(choose(server, { HTTPS_PROXY: 'http://p:1', NO_PROXY: exceptions })).toBe(expected)
  })
})
