import { changeRetention, type RetentionWish } from '../domain/account-settings.ts';
import type { Retention } from '../domain/settings.ts';
import type { SettingsPorts } from './settings-ports.ts';

/**
 * Changes how long subscribers can get the events of the classes that are named.
 * @returns that of each class.
 * @throws ParleyError `request.invalid_argument`
 */
export async function updateEventRetention({ accounts }: SettingsPorts, accountId: string, wishes: readonly RetentionWish[]): Promise<Retention> {
  let result: Retention | undefined;
  await accounts.change(accountId, (account) => {
    const change = changeRetention(account, wishes);
    result = (change?.account ?? account).settings.retentionMs;
    return change;
  });
  return result!;
}
