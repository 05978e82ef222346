import { afterEach, expect, test } from 'vitest'
import { createRouterWorld, get, type RouterWorld } from './testing/router-world.ts'

let world: RouterWorld
afterEach(async () => await world.close())

test('passes', async () => {
  world = await createRouterWorld()
  await world.backend('blue')
  const router = await world.run()
  const { text, response } = await get(router.url)
  expect(text).toBe('blue')
  console.log(response.headers)
  const m = await (await fetch(router.metricsAddress()!)).text()
  console.log(m.slice(0, 900))
})
