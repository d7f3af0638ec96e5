import { errorTable, type ErrorRow } from './error-table.ts';

const head = `# Error codes

Made from \`libs/errors/src/error-table.ts\`; a test keeps it in step
(\`node libs/errors/src/error-document-main.ts\` writes it anew).

On gRPC the code travels in the trailer \`parley-error-code\`, next to the status; what is wrong with which field is JSON
in \`parley-error-details\`. On HTTP it is \`{"code", "message", "details"}\`. The text may change, the code may not.
*Retry* says whether the same request may succeed later without anybody changing anything.
What belongs to another account is \`not_found.*\`, exactly as if it did not exist.

| code | gRPC | HTTP | retry | log | meaning |
| --- | --- | --- | --- | --- | --- |
`;

/** The text of docs/errors.md. */
export function errorDocument(): string {
  const rows: readonly (readonly [string, ErrorRow])[] = Object.entries(errorTable);
  const lines = rows.map(
    ([code, row]) => `| \`${code}\` | ${row.grpc} | ${row.http} | ${row.retry ? 'yes' : 'no'} | ${row.log} | ${row.meaning} |`,
  );
  return `${head}${lines.join('\n')}\n`;
}

/** Where it is kept. */
export const errorDocumentUrl = new URL('../../../docs/errors.md', import.meta.url);
