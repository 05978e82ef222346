/**
 * Why an API server said no, where what to do depends on it. `not permitted`: the role lacks a right. `admission`: a webhook
 * or a policy of the cluster refuses the object. `no dry run`: a webhook can't be asked without doing something.
 */
export type Refusal =
  | 'not permitted'
  | 'admission'
  | 'no dry run'
  | 'quota'
  | 'namespace being deleted'
  | 'no namespace'
  | 'no such kind'
  | 'invalid'
  | 'other'
