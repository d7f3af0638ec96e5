import type { ClassRetention, VerificationKey as VerificationKeyMessage } from '@parley/contracts';
import type { RetentionWish } from '../domain/account-settings.ts';
import type { VerificationKey } from '../domain/settings.ts';
import { fromDuration } from './convert.ts';

/** Without its secret. */
export function toVerificationKey({ keyId, createTimeMs }: VerificationKey): VerificationKeyMessage {
  return { keyId, createTime: new Date(createTimeMs) };
}

/** One without a duration is too short. */
export function fromRetention({ eventClass, retention }: ClassRetention): RetentionWish {
  return { eventClass, retentionMs: retention === undefined ? 0 : fromDuration(retention) };
}
