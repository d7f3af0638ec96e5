/** The Parley accounts that have a downstream service on NATS, on a machine that says nothing else. */
export const defaultAccounts: readonly string[] = ['acme', 'globex'];

/**
 * The accounts with a downstream service: `PARLEY_ACCOUNTS`, comma-separated, or the default ones.
 * An account needs no entry here for anything but fetching its events from NATS.
 */
export function localAccounts(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const listed = env['PARLEY_ACCOUNTS'];
  if (listed === undefined || listed === '') return defaultAccounts;
  return listed.split(',').map((account) => account.trim());
}
