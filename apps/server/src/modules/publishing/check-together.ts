import { compileDecision, ProcessError } from '@wanmi/process';
import { decisionFor } from '#modules/catalog';
import { ControlFileError, readControls } from '#modules/control';
import type { Findings } from './findings.ts';
import type { Report } from './report.ts';
import { pathOf, type RuleSet } from './rule-set.ts';
import type { Tables } from './tables.ts';

/** What a table says of a source, and what the city's table of verification says of it, must be one thing. */
export async function checkSources(
  files: RuleSet,
  { source }: Tables,
  findings: Findings,
  report: Report,
): Promise<void> {
  const xml = files.get(pathOf('decision', 'verification'));
  if (xml === undefined) return;
  const rows = source.map(({ line, code, verify }) => [line, code, verify]);
  await findings.of(report, ['sources', xml, JSON.stringify(rows)], (own) =>
    compareSources(xml, source, own),
  );
}

async function compareSources(xml: string, source: Tables['source'], report: Report): Promise<void> {
  try {
    const decisions = new Map([['verification', await compileDecision(xml)]]);
    for (const { line, code, verify } of source) {
      const said = decisionFor({ decisions }, 'verification', { source: code, kind: 'problem' })?.['verify'];
      if (typeof said === 'boolean' && said !== verify) {
        report.add(pathOf('table', 'source'), `${line}/verify`, 'source.verification', `${code}: ${said}`);
      }
    }
  } catch (error) {
    // The table itself is named as wrong
    if (!(error instanceof ProcessError)) throw error;
  }
}

/** The table of control areas as it is read when it is applied: whatever else of a row does not fit together. */
export async function checkControlFile(files: RuleSet, findings: Findings, report: Report): Promise<void> {
  const file = pathOf('table', 'control');
  const text = files.get(file);
  if (text === undefined || report.has(file)) return;
  await findings.of(report, ['controls', text], (own) => readControlFile(file, text, own));
}

function readControlFile(file: string, text: string, report: Report): void {
  try {
    readControls(text);
  } catch (error) {
    if (!(error instanceof ControlFileError)) throw error;
    for (const { line, place, message } of error.faults) {
      report.add(file, place === null ? line : `${line}/${place}`, 'control.row', message);
    }
  }
}
