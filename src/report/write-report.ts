import { writeHtml } from './html/page.ts'
import { writeMarkdown } from './markdown/write-markdown.ts'
import type { ReportInput } from './material.ts'
import { makeReport } from './report.ts'

export type { ReportInput } from './material.ts'

export const reportFormats = ['html', 'json', 'markdown'] as const
export type ReportFormat = (typeof reportFormats)[number]

/**
 * The report of a release in one text, whatever has become of it so far: also of one that runs, is held, or never moved
 * anything, and with no engine alive. The same input gives the same text.
 */
export const writeReport = (input: ReportInput, format: ReportFormat): string => {
  const report = makeReport(input)
  switch (format) {
    case 'html':
      return writeHtml(report)
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`
    case 'markdown':
      return writeMarkdown(report)
    default:
      return format satisfies never
  }
}
