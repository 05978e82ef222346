import { describe, expect, it } from 'vitest'
import { mask } from './mask.ts'

describe('masking', () => {
  it('takes out known secrets, web tokens, headers and keys, and leaves the rest', () => {
    expect(mask('hunter2 and hunter22', ['hunter2', 'hunter22', 'a'])).toBe('… and …')
    expect(mask('got eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.sig-_ from', [])).toBe('got … from')
    expect(mask('Authorization: Bearer abcdefgh123', [])).toBe('Authorization: Bearer …')
    expect(mask('-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\nrest', [])).toBe('…\nrest')
    expect(mask('the bearer of bad news', [])).toBe('the bearer of bad news')
  })
})
