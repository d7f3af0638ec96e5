import { spawnSync } from 'node:child_process';
import { ensureKeys } from './keys.ts';
import { standardPorts } from './ports.ts';
import { SetupError } from './setup-error.ts';
import { mintToken } from './token.ts';
import { toolPaths } from './tools.ts';

/** Whose charge of the call, where each side pays. @throws SetupError */
export function payerArgument(payer: string): { readonly payer?: string } {
  if (!['', 'caller', 'callee'].includes(payer)) throw new SetupError(`PAYER is caller or callee, not ${payer}`);
  return payer === '' ? {} : { payer: `PARTY_${payer.toUpperCase()}` };
}

/**
 * Asks the billing service of a running system about a call.
 * @param account empty: `acme`.
 * @returns the response as grpcurl writes it.
 * @throws SetupError if there is none.
 */
export async function askBilling<Response>(method: string, { account, ...request }: { callId: string; account: string; copy?: string; payer?: string }): Promise<Response> {
  const token = await mintToken({ account: account === '' ? 'acme' : account, sub: 'service:receipt', scope: 'api' }, await ensureKeys());
  const address = `127.0.0.1:${standardPorts().services.billing[0]!.grpc}`;
  const given = ['-plaintext', '-expand-headers', '-H', 'authorization: Bearer ${TOKEN}', '-d', JSON.stringify(request), address, `parley.billing.v1.BillingService/${method}`];
  const { status, stdout } = spawnSync(toolPaths.grpcurl, given, { env: { TOKEN: token }, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (status !== 0) throw new SetupError(`billing at ${address} gave no receipt of ${request.callId}. Does it run (make up), and was the call charged?`);
  return JSON.parse(stdout) as Response;
}
