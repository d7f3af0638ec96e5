import type { IncomingMessage } from 'node:http';
import { invalidArgument } from '@parley/errors';
import { bearerToken, requireScope, type Verifier } from '@parley/grpc';
import type { AccountDirectory } from '../usecases/account-directory.ts';
import { grantByVerification, grantOf, type StreamGrant } from '../usecases/stream-grant.ts';
import { credentialNames, filterText } from './stream-request.ts';

export interface WebGrantPorts {
  readonly verifier: Verifier;
  readonly accounts: AccountDirectory;
  /** URL of the stream as clients know it, which verification tokens are made for. */
  readonly streamUrl: string;
}

const accountPattern = /^[a-z0-9-]{1,32}$/;

/**
 * By what right a web client subscribes: a token of the account as `Authorization: Bearer`, or, since an EventSource can
 * set no header, as `access_token` (RFC 6750, 2.3), which is logged nowhere; or a verification token and the account's name.
 * @throws ParleyError `auth.*`, `verification.*`, `request.invalid_argument`
 */
export async function webGrant({ headers }: IncomingMessage, query: URLSearchParams, { verifier, accounts, streamUrl }: WebGrantPorts): Promise<StreamGrant> {
  const token = query.get(credentialNames.verificationToken);
  if (token !== null) {
    const accountId = query.get(credentialNames.account) ?? '';
    if (!accountPattern.test(accountId)) throw invalidArgument([{ field: credentialNames.account, description: 'is no account' }]);
    return grantByVerification(token, { accountId, audience: streamUrl, filter: filterText(query) }, accounts, new Date());
  }
  const parameter = query.get(credentialNames.accessToken);
  const identity = await verifier.verify(headers.authorization === undefined && parameter !== null ? parameter : bearerToken(headers.authorization));
  requireScope(identity, 'api');
  return grantOf(identity);
}
