import { eventStreams, type EventClass } from '@parley/bus';
import type { AccountSettings as SettingsMessage } from '@parley/contracts';
import { fromDuration } from './convert-duration.ts';
import type { AccountSettings } from '../usecases/account-directory.ts';

/** A class that this build does not know has no stream here. */
export function toSettings({ verificationSecrets, revokedTokens, retentions }: SettingsMessage): AccountSettings {
  const known = retentions.filter(({ eventClass }) => Object.hasOwn(eventStreams, eventClass));
  return {
    verificationKeys: verificationSecrets,
    revokedTokens: new Set(revokedTokens.map(({ tokenId }) => tokenId)),
    retentionMs: Object.fromEntries(
      known.map(({ eventClass, retention }) => [eventClass as EventClass, retention === undefined ? 0 : fromDuration(retention)]),
    ),
  };
}
