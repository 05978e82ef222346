import { writeCheckPage } from '../report/html/check-page.ts'
import type { ManifestsView } from '../views/manifests-view.ts'
import type { Deps } from './deps.ts'
import type { Output } from './flags.ts'
import { print } from './print.ts'
import { renderManifests } from './render-manifests.ts'

/** What a check found, as it was asked for; `html` is one page. */
export const tellFindings = async (deps: Deps, output: Output | 'html', view: ManifestsView): Promise<void> => {
  if (output === 'html') deps.io.out(writeCheckPage(view, deps.now(), deps.version))
  else await print(deps, output, view, renderManifests)
}
