import { eventStreams, type EventClass } from '@parley/bus';
import type { AccountSettings as SettingsMessage } from '@parley/contracts';
import type { AccountSettings } from '../usecases/account-directory.ts';

/** A class that this build does not know has no stream here. */
export function toSettings({ verificationSecrets, revokedTokens, retentions }: SettingsMessage): AccountSettings {
  const known = retentions.filter(({ eventClass }) => Object.hasOwn(eventStreams, eventClass));
  return {
    verificationKeys: verificationSecrets,
    revokedTokens: new Set(revokedTokens.map(({ tokenId }) => tokenId)),
    retentionMs: Object.fromEntries(
      known.map(({ eventClass, retention }) => [eventClass as EventClass, Number(retention?.seconds ?? 0n) * 1_000 + (retention?.nanos ?? 0) / 1_000_000]),
    ),
  };
}
