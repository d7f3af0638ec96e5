import { readFileSync } from 'node:fs';
import type { ConfigDefinition, Variable, Variables } from './config-definition.ts';

/** The table of a definition's variables, as a README carries it. */
export function readmeTable(definition: ConfigDefinition<Variables>): string {
  const rows = Object.entries(definition.variables).map(([name, variable]) => `| \`${name}\` | ${defaultText(variable)} | ${variable.describe} |`);
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function defaultText(variable: Variable): string {
  if (variable.default !== undefined) {
    return `\`${variable.default}\``;
  }
  return variable.optional === true ? 'unset' : '*required*';
}

/**
 * For a test: the README carries exactly the definition's table.
 * @throws Error with the table to put there.
 */
export function expectReadmeTable(definition: ConfigDefinition<Variables>, readmeUrl: URL): void {
  const table = readmeTable(definition);
  const readme = readFileSync(readmeUrl, 'utf8');
  const found = /^\| variable \|.*\n(?:\|.*\n?)*/m.exec(readme)?.[0].trimEnd();
  if (found !== table) {
    throw new Error(`${readmeUrl.pathname} should carry this table of its variables:\n\n${table}\n`);
  }
}
