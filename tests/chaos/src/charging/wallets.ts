import type { SeededRandom } from '../seeded-random.ts';
import { someBigint } from './policies.ts';

/** How well a wallet is filled: for everything; so that its calls run out of it now and then; for hardly any call. */
type Means = 'rich' | 'tight' | 'poor';

export interface PlannedWallet {
  readonly accountId: string;
  /** Of its holder, who pays for the calls that he makes. */
  readonly address: string;
  readonly currency: string;
  readonly means: Means;
  /** What it is opened with. */
  readonly firstMicros: bigint;
}

/** An own coin for one of them: wallets and policies of other currencies must not meet. */
const currencies: Readonly<Record<string, string>> = { globex: 'coin:gem' };

export function currencyOf(accountId: string): string {
  return currencies[accountId] ?? 'EUR';
}

export function planWallets(random: SeededRandom, accounts: readonly string[], count: number): readonly PlannedWallet[] {
  return Array.from({ length: count }, (_, index) => {
    const means = random.pick(['rich', 'rich', 'tight', 'tight', 'tight', 'poor'] as const);
    const accountId = accounts[index % accounts.length]!;
    return { accountId, address: `client:caller-${index}`, currency: currencyOf(accountId), means, firstMicros: firstMicros(random, means) };
  });
}

function firstMicros(random: SeededRandom, means: Means): bigint {
  if (means === 'rich') return 1_000_000_000_000n;
  return means === 'tight' ? someBigint(random, 1, 600_000) : someBigint(random, 1, 2_000);
}

/** Of a top-up while calls go on; it is worth a call or two. */
export function topUpMicros(random: SeededRandom): bigint {
  return someBigint(random, 1, 600_000);
}
