/** Where green may run, of what Titrate has rules for. By itself, so that a release file can name one without loading the rules. */
export const platforms = ['eks-fargate'] as const
export type Platform = (typeof platforms)[number]
