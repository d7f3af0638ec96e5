/** A telephony application: where its instructions come from. */
export interface Application {
  readonly applicationId: string;
  readonly accountId: string;
  readonly displayName: string;
  readonly voiceUrl: string;
  /** Empty: none. */
  readonly fallbackUrl: string;
  /** Empty: none. */
  readonly statusCallbackUrl: string;
  /** Empty: the account's default policy. */
  readonly policyId: string;
  /** Key of X-Twilio-Signature: Twilio's AuthToken. */
  readonly signingKey: string;
}

/** What the account sets. */
export type ApplicationSettings = Pick<Application, 'displayName' | 'voiceUrl' | 'fallbackUrl' | 'statusCallbackUrl' | 'policyId'>;

const longestName = 128;

/** What is wrong with settings, apart from their URLs. */
export function settingsFaults({ displayName, policyId, voiceUrl }: ApplicationSettings): { field: string; description: string }[] {
  return [
    ...(displayName.length > longestName ? [{ field: 'application.display_name', description: `has more than ${longestName} characters` }] : []),
    ...(policyId.length > longestName ? [{ field: 'application.policy_id', description: 'is no id of a policy' }] : []),
    ...(voiceUrl === '' ? [{ field: 'application.voice_url', description: 'must be set' }] : []),
  ];
}

export function hasSameSettings(one: ApplicationSettings, other: ApplicationSettings): boolean {
  return (['displayName', 'voiceUrl', 'fallbackUrl', 'statusCallbackUrl', 'policyId'] as const).every((name) => one[name] === other[name]);
}
