// Plays users: node users.mjs URL [SECONDS]. About 100 requests a second, and what came of them.
const [url, seconds = '120'] = process.argv.slice(2)
const until = Date.now() + Number(seconds) * 1_000
const counts = {}
const count = (what) => (counts[what] = (counts[what] ?? 0) + 1)

while (Date.now() < until) {
  fetch(url)
    .then(async (response) => count(`${response.status} ${(await response.text()).trim()}`))
    .catch((error) => count(error.cause?.code ?? error.message))
  await new Promise((resolve) => setTimeout(resolve, 10))
}
await new Promise((resolve) => setTimeout(resolve, 2_000))
console.log(counts)
