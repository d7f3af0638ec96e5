// Writes the receipt of a call as a page of HTML, from a running system: make -s receipt CALL=<id> [ACCOUNT=acme] > receipt.html
import { spawnSync } from 'node:child_process';
import { callArgument } from './call-argument.ts';
import { ensureKeys } from './keys.ts';
import { standardPorts } from './ports.ts';
import { reportFailure, SetupError } from './setup-error.ts';
import { mintToken } from './token.ts';
import { toolPaths } from './tools.ts';

try {
  const callId = callArgument((call) => `make -s receipt CALL=${call} > receipt.html`);
  const account = process.argv[3] ?? '';
  const token = await mintToken({ account: account === '' ? 'acme' : account, sub: 'service:receipt', scope: 'api' }, await ensureKeys());
  const address = `127.0.0.1:${standardPorts().services.billing[0]!.grpc}`;
  const given = ['-plaintext', '-expand-headers', '-H', 'authorization: Bearer ${TOKEN}', '-d', JSON.stringify({ callId }), address, 'parley.billing.v1.BillingService/RenderReceipt'];
  const { status, stdout } = spawnSync(toolPaths.grpcurl, given, { env: { TOKEN: token }, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (status !== 0) throw new SetupError(`billing at ${address} gave no receipt of ${callId}. Does it run (make up), and was the call charged?`);
  process.stdout.write((JSON.parse(stdout) as { html: string }).html);
} catch (error) {
  reportFailure(error);
}
