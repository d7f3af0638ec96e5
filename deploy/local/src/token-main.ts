// Prints a token for hand work: make token ACCOUNT=acme SUB=client:alice SCOPE=device [CALL=<id>] [LIFETIME=<seconds>]
import { ensureKeys } from './keys.ts';
import { reportFailure } from './setup-error.ts';
import { claimsFromEnv, mintToken } from './token.ts';

try {
  process.stdout.write(`${await mintToken(claimsFromEnv(process.env), await ensureKeys())}\n`);
} catch (error) {
  reportFailure(error);
}
