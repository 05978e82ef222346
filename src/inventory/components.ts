/**
 * Strongly connected components of a graph (Tarjan 1972), each before those that it is needed by: an edge a -> b says
 * "a needs b", and b's component comes first. `edges[a]` lists b's by index. Iterative, because a chain of
 * ten thousand services is deeper than a stack.
 */
export const componentsOf = (edges: readonly (readonly number[])[]): readonly (readonly number[])[] => {
  const count = edges.length
  const index = new Int32Array(count).fill(-1)
  const low = new Int32Array(count)
  const nextEdge = new Int32Array(count)
  const onStack = new Uint8Array(count)
  const stack: number[] = []
  const path: number[] = []
  const components: number[][] = []
  let counter = 0

  const enter = (node: number): void => {
    index[node] = low[node] = counter++
    stack.push(node)
    onStack[node] = 1
    path.push(node)
  }
  const leave = (node: number): void => {
    path.pop()
    const parent = path.at(-1)
    if (parent !== undefined) low[parent] = Math.min(at(low, parent), at(low, node))
    if (low[node] !== index[node]) return
    const component = stack.splice(stack.lastIndexOf(node))
    for (const member of component) onStack[member] = 0
    components.push(component)
  }

  for (let root = 0; root < count; root++) {
    if (index[root] === -1) enter(root)
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const target = edges[node]?.[at(nextEdge, node)]
      if (target === undefined) {
        leave(node)
        continue
      }
      nextEdge[node] = at(nextEdge, node) + 1
      if (index[target] === -1) enter(target)
      else if (onStack[target] === 1) low[node] = Math.min(at(low, node), at(index, target))
    }
  }
  return components
}

/** Every node has its place in these arrays. */
const at = (array: Int32Array, node: number): number => array[node] ?? 0
