/**
 * Whether an object's version comes after another of the same kind in one cluster. They are whole numbers without
 * leading zeros (promised since Kubernetes 1.35, and true of all before that keep their objects in etcd).
 */
export const isNewer = (version: string, than: string): boolean =>
  version.length === than.length ? version > than : version.length > than.length
