import { selects as fits, type Labels, readLabelSelector } from '../../kubernetes/selector.ts'

/** Whether a Service's selector takes pods with these labels; one without a selector takes none. */
export const selects = (selector: Labels | undefined, labels: Labels = {}): boolean => {
  const read = readLabelSelector(selector)
  return read !== null && fits(read, labels)
}
